import { summarise } from '../../report/statistics';
import type { ScaleRun } from './run';

/** Above this a resource counts as full. */
const FULL = 0.95;
/** For so many seconds on end: a moment is no trouble. */
const ON_END = 5;

interface Fullness {
  resource: string;
  /** Its highest use over any five seconds, 0 to 1. */
  peak: number;
  /** The second from which it was full for five seconds; null if it never was. */
  fullFrom: number | null;
  fullSeconds: number;
}

/** How full each resource got, the first that was full first. */
export function fullness({ readings }: ScaleRun): Fullness[] {
  const found = [...readings.use].map(([resource, use]) => {
    const means = use.map((_, end) => {
      const window = use.slice(Math.max(0, end - ON_END + 1), end + 1);
      return window.length < ON_END ? 0 : window.reduce((sum, value) => sum + value, 0) / ON_END;
    });
    const first = means.findIndex((mean) => mean >= FULL);
    return {
      resource,
      peak: means.reduce((high, mean) => Math.max(high, mean), 0),
      fullFrom: first < 0 ? null : Math.max(0, first - ON_END + 1),
      fullSeconds: use.filter((value) => value >= FULL).length,
    };
  });
  return found.sort((a, b) => (a.fullFrom ?? Infinity) - (b.fullFrom ?? Infinity) || b.peak - a.peak);
}

/** Which of some resources was fullest: for the longest time, else at its peak. */
export function fullestOf(run: ScaleRun, isMeant: (resource: string) => boolean): Fullness {
  return fullness(run)
    .filter(({ resource }) => isMeant(resource))
    .reduce((one, other) =>
      other.fullSeconds > one.fullSeconds || (other.fullSeconds === one.fullSeconds && other.peak > one.peak)
        ? other
        : one,
    );
}

export interface Findings {
  /** 99 of 100 holds, refusals and payments are answered within this, in the worst second. */
  worstP99Ms: number;
  /** And over the whole run. */
  p99Ms: number;
  p50Ms: number;
  /** The most requests answered in a second. */
  peakPerSecond: number;
  /** From the hold to its adoption, from the payment to `confirmed` and to the sent mail: 99 of 100, in seconds. */
  adoptP99Seconds: number;
  confirmP99Seconds: number;
  ticketP99Seconds: number;
  /** When the last seat was held for the first time; null if some always were free. */
  soldOutAtSecond: number | null;
}

/** Seconds with fewer answers than this say nothing about 99 of 100. */
const ENOUGH_FOR_P99 = 200;

/** What is to be said about a run. */
export function findings({ recorder, readings, crowd }: ScaleRun): Findings {
  const kinds = ['held', 'refused', 'paid'] as const;
  const bySecond = recorder.seconds.map((_, second) => recorder.over(kinds, second, second + 1));
  const all = recorder.over(kinds);
  const held = crowd.reservations;
  const p99 = (ms: number[]): number => summarise(ms).p99 / 1000;
  const between = (from: 'heldAt' | 'paidAt', to: 'adoptedAt' | 'confirmedAt' | 'deliveredAt'): number =>
    p99(held.flatMap((one) => (one[from] === null || one[to] === null ? [] : [one[to] - one[from]])));
  const soldOutAt = readings.freeSeats.findIndex((free) => free === 0);
  return {
    worstP99Ms: bySecond.reduce(
      (high, one) => (one.count < ENOUGH_FOR_P99 ? high : Math.max(high, one.percentile(0.99))),
      0,
    ),
    p99Ms: all.percentile(0.99),
    p50Ms: all.percentile(0.5),
    peakPerSecond: bySecond.reduce((high, one) => Math.max(high, one.count), 0),
    adoptP99Seconds: between('heldAt', 'adoptedAt'),
    confirmP99Seconds: between('paidAt', 'confirmedAt'),
    ticketP99Seconds: between('paidAt', 'deliveredAt'),
    soldOutAtSecond: soldOutAt < 0 ? null : soldOutAt,
  };
}
