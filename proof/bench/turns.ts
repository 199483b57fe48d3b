import type { Bench } from './case';

/** A measurement to be taken from rest; `limit` keeps our relay out of the way of what is not ours. */
export interface Turn {
  of: 'ours' | 'limit';
  measure: () => Promise<void>;
}

/** Takes the measurements one after the other, each from rest; every other round the other way round. */
export async function takeTurns(bench: Bench, round: number, turns: readonly Turn[]): Promise<void> {
  for (const { of, measure } of round % 2 === 1 ? turns : turns.toReversed()) {
    await bench.rest();
    await (of === 'limit' ? bench.limit(measure) : measure());
  }
}
