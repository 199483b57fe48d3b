/** A sale as buyers make it. */
export interface Scenario {
  name: string;
  buyers: number;
  seats: number;
  /** How long buyers keep coming. */
  minutes: number;
  /** The share of them that comes right at the opening, thinning out with this mean; the others come evenly. */
  rushShare: number;
  rushMeanSeconds: number;
  /** How many seats a buyer wants: weight by count, from 1 on. */
  groups: readonly number[];
  /** Between seeing the map and sending the choice; also how old a cached map may be. */
  choosingSeconds: number;
  cachedMapSeconds: number;
  /** How often a buyer tries other seats after a refusal, and looks again when nothing is free. */
  tries: number;
  looks: number;
  lookAgainSeconds: number;
  /** Between the hold and the payment, and the share of holds that is never paid. */
  payingSeconds: number;
  neverPays: number;
  holdTtlSeconds: number;
}

export const MILLION: Scenario = {
  name: 'a million buyers in ten minutes for 60,000 seats',
  buyers: 1_000_000,
  seats: 60_000,
  minutes: 10,
  rushShare: 0.7,
  rushMeanSeconds: 60,
  groups: [0.3, 0.45, 0.1, 0.15],
  choosingSeconds: 6,
  cachedMapSeconds: 1,
  tries: 4,
  looks: 1,
  lookAgainSeconds: 60,
  payingSeconds: 90,
  neverPays: 0.2,
  holdTtlSeconds: 600,
};
