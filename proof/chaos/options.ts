import { parseArgs } from 'node:util';

export interface ChaosOptions {
  minutes: number;
  seed: number;
  /** At most this many injected faults; fault points inside the processes do not count. */
  kills: number;
  concurrency: number;
  /** How often each kind of what must happen has to, at least. */
  each: number;
  /** Folder for the report and the journal. */
  out: string;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run chaos -- [options]

  --minutes N      how long load and faults last (default 3)
  --seed N         repeats the decisions of an earlier run (default: a new one, printed)
  --kills N        faults from outside at most; 0: no faults of any kind (default: as many as the time allows)
  --concurrency N  simulated buyers (default 12)
  --each N         how often each kind of what must happen has to, at least (default 1)
  --out FOLDER     for the report and the journal (default reports/chaos)
  --help           this text

It reads no settings: what it runs is a system of its own.`;

function numberOf(name: string, text: string, low: number, high: number, whole: boolean): number {
  const value = Number(text);
  if (
    text.trim() === '' ||
    !(value >= low && value <= high) ||
    (whole && !Number.isInteger(value))
  ) {
    throw new UsageError(
      `--${name} must be ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`,
    );
  }
  return value;
}

/** Reads the command line; null when help was asked for. @throws UsageError with one line that names what is wrong. */
export function readOptions(args: readonly string[]): ChaosOptions | null {
  let values: Record<string, string | boolean | undefined>;
  try {
    const text = { type: 'string' } as const;
    values = parseArgs({
      args: [...args],
      options: {
        minutes: text,
        seed: text,
        kills: text,
        concurrency: text,
        each: text,
        out: text,
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help === true) return null;
  const read = (
    name: string,
    fallback: number,
    low: number,
    high: number,
    whole = true,
  ): number => {
    const given = values[name];
    return typeof given === 'string' ? numberOf(name, given, low, high, whole) : fallback;
  };
  return {
    minutes: read('minutes', 3, 0.1, 600, false),
    seed: read('seed', Math.floor(Math.random() * 2 ** 31), 0, 2 ** 32 - 1),
    kills: read('kills', Number.POSITIVE_INFINITY, 0, 100_000),
    concurrency: read('concurrency', 12, 1, 200),
    each: read('each', 1, 1, 100_000),
    out: typeof values.out === 'string' ? values.out : 'reports/chaos',
  };
}
