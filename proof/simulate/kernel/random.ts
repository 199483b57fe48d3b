import { createRandom, type Random } from '../../chaos/random';

/** Chance for a simulation: the same seed and name give the same. */
export interface Chance extends Random {
  /** Exponentially distributed around a mean: the time between things that do not know of each other. */
  exponential(mean: number): number;
}

export function createChance(seed: number, name: string): Chance {
  const random = createRandom(seed, name);
  return { ...random, exponential: (mean) => -mean * Math.log(1 - random.next()) };
}
