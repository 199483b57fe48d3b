import { percentile } from '../report/statistics';
import type { Case, Figures, Target } from './case';

/** The result of all rounds of a case. */
export interface CaseResult {
  id: string;
  title: string;
  /** In the order of the rounds. */
  rounds: Figures[];
  medians: Figures;
  judged: Judgement[];
  /** Why the measurement failed. */
  failure?: string;
}

export interface Judgement {
  title: string;
  atLeast?: number;
  atMost?: number;
  median: number;
  min: number;
  max: number;
  /** null without a bound. */
  met: boolean | null;
}

/** The value in the middle; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? percentile(sorted, 0.5)
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Judges one target by the median over the rounds. */
export function judge(
  { title, of, atLeast, atMost }: Target,
  rounds: readonly Figures[],
): Judgement {
  const values = rounds.map(of);
  const middle = median(values);
  const bounded = atLeast !== undefined || atMost !== undefined;
  return {
    title,
    ...(atLeast !== undefined && { atLeast }),
    ...(atMost !== undefined && { atMost }),
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    met: bounded ? middle >= (atLeast ?? -Infinity) && middle <= (atMost ?? Infinity) : null,
  };
}

/** The result of a case; without a complete round no target is judged. */
export function concludeCase(
  { id, title, targets }: Case,
  rounds: Figures[],
  failure: string | undefined,
): CaseResult {
  const names = [...new Set(rounds.flatMap((figures) => Object.keys(figures)))];
  const medians = names.map(
    (name) => [name, median(rounds.flatMap((figures) => figures[name] ?? []))] as const,
  );
  return {
    id,
    title,
    rounds,
    medians: Object.fromEntries(medians),
    judged: rounds.length === 0 ? [] : targets.map((target) => judge(target, rounds)),
    ...(failure !== undefined && { failure }),
  };
}
