import { parseArgs } from 'node:util';

export interface RaceOptions {
  buyers: number;
  rounds: number;
  seats: number;
  /** An id or a slug; null: the event with the most free seats. */
  event: string | null;
  out: string;
  /** Leave the holds instead of releasing them. */
  keep: boolean;
}

/** An option that cannot be used. Its message is the one line to print. */
export class OptionsError extends Error {}

export const RACE_USAGE = `Usage: npm run race -- [options]
  --buyers N   how many buyers fire at the same moment (default 10)
  --seats N    how many seats they fight for, one random seat each (default 1)
  --rounds N   how many races, each for fresh seats (default 1)
  --event E    an event's slug or id (default: the one with the most free seats)
  --out FILE   where the report goes (default reports/race.html)
  --keep       leave the holds; without it they are released at the end`;

function countOf(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new OptionsError(`--${name} must be a whole number from 1 to ${max.toLocaleString('en-GB')}, not "${text}"`);
  }
  return value;
}

/**
 * Reads the command line; null when only the usage is asked for.
 * @throws OptionsError with one line that names what is wrong
 */
export function readRaceOptions(args: readonly string[]): RaceOptions | null {
  const options = {
    buyers: { type: 'string' },
    rounds: { type: 'string' },
    seats: { type: 'string' },
    event: { type: 'string' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new OptionsError((error as Error).message.split('\n')[0]);
  }
  if (values.help) return null;
  const buyers = countOf('buyers', values.buyers, 10, 10_000);
  const seats = countOf('seats', values.seats, 1, 10_000);
  if (values.event === '' || values.out === '') throw new OptionsError('--event and --out must not be empty');
  return {
    buyers,
    seats,
    rounds: countOf('rounds', values.rounds, 1, 1000),
    event: values.event ?? null,
    out: values.out ?? 'reports/race.html',
    keep: values.keep,
  };
}
