import { parseArgs } from 'node:util';
import { KINDS, type Kind } from './journal';

export interface ChaosOptions {
  minutes: number;
  seed: number;
  /** At most this many injected faults; fault points inside the processes do not count. */
  kills: number;
  concurrency: number;
  /** How often each kind of what must happen has to, at least. */
  each: ReadonlyMap<Kind, number>;
  /** Folder for the report and the journal. */
  out: string;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run chaos -- [options]

  --minutes N      how long load and faults last (default 3)
  --seed N         repeats the decisions of an earlier run (default: a new one, printed)
  --kills N        faults from outside at most; 0: no faults of any kind (default: as many as the time allows)
  --concurrency N  simulated buyers (default 12)
  --each N         how often each kind of what must happen has to, at least (default 1);
                   'KIND=N': that kind alone. May be given several times
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

/** @param each `N` for every kind, `KIND=N` for one */
function timesOfKinds(each: readonly string[]): ReadonlyMap<Kind, number> {
  const times = new Map<Kind, number>(KINDS.map((kind) => [kind, 1]));
  const isOfOne = (text: string): boolean => text.includes('=');
  // Those for all come first, in whatever order they were written.
  for (const text of [...each.filter((one) => !isOfOne(one)), ...each.filter(isOfOne)]) {
    const [number, name] = text.split('=').reverse() as [string, string | undefined];
    const kinds = KINDS.filter((kind) => name === undefined || kind === name);
    if (kinds.length === 0) {
      throw new UsageError(`--each: there is no kind '${name}'; there are: ${KINDS.join(', ')}`);
    }
    for (const kind of kinds) times.set(kind, numberOf('each', number, 1, 100_000, true));
  }
  return times;
}

/** Reads the command line; null when help was asked for. @throws UsageError with one line that names what is wrong. */
export function readOptions(args: readonly string[]): ChaosOptions | null {
  let values: Record<string, string | boolean | undefined>;
  let each: string[];
  try {
    const text = { type: 'string' } as const;
    ({
      values: { each = [], ...values },
    } = parseArgs({
      args: [...args],
      options: {
        minutes: text,
        seed: text,
        kills: text,
        concurrency: text,
        each: { ...text, multiple: true },
        out: text,
        help: { type: 'boolean' },
      },
    }));
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
    each: timesOfKinds(each),
    out: typeof values.out === 'string' ? values.out : 'reports/chaos',
  };
}
