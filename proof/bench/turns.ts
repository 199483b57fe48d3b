import type { Bench } from './case';

/** A measurement, of ours or of a baseline: for a baseline our relay is stopped. */
export interface Turn {
  of: 'ours' | 'baseline';
  measure: () => Promise<void>;
}

/** Takes the measurements one after the other, each on a quiet system; in every other round in reverse order. */
export async function takeTurns(
  bench: Bench,
  round: number,
  turns: readonly Turn[],
): Promise<void> {
  for (const { of, measure } of round % 2 === 1 ? turns : turns.toReversed()) {
    await bench.quiesce();
    await (of === 'baseline' ? bench.withoutRelay(measure) : measure());
  }
}
