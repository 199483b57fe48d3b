import { parseArgs } from 'node:util';

export interface RaceOptions {
  buyers: number;
  rounds: number;
  seats: number;
  /** An id or a slug; null: the event with the most free seats. */
  event: string | null;
  out: string;
  /** Keeps the holds instead of releasing them. */
  keep: boolean;
}

/** An invalid option. The message is the one line to print. */
export class OptionsError extends Error {}

export const RACE_USAGE = `Usage: npm run race -- [options]

Lets buyers ask for the same seat at the same moment on a running server, and reports who got it. A round that is not
counted warms the server up first. Exit 0: each requested seat has exactly one winner; 1: not; 2: it could not be tried.

  --buyers N   how many buyers fire at the same moment (default 10)
  --seats N    how many seats they fight for, one random seat each (default 1)
  --rounds N   how many races, each for fresh seats (default 1)
  --event E    an event's slug or id (default: the one with the most free seats)
  --out FILE   where the report goes (default reports/race.html)
  --keep       leave the holds; without it they are released at the end

The server is the one that HOLDFAST_URL (or PORT on this machine) and the client's key HOLDFAST_KEY name, else that of the
running \`npm run dev\`.`;

function countOf(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new OptionsError(
      `--${name} must be a whole number from 1 to ${max.toLocaleString('en-GB')}, not "${text}"`,
    );
  }
  return value;
}

/**
 * Reads the command line.
 * @throws OptionsError with one line that names what is wrong
 */
export function readRaceOptions(args: readonly string[]): RaceOptions {
  const options = {
    buyers: { type: 'string' },
    rounds: { type: 'string' },
    seats: { type: 'string' },
    event: { type: 'string' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new OptionsError((error as Error).message.split('\n')[0]);
  }
  const buyers = countOf('buyers', values.buyers, 10, 10_000);
  const seats = countOf('seats', values.seats, 1, 10_000);
  if (values.event === '' || values.out === '')
    throw new OptionsError('--event and --out must not be empty');
  return {
    buyers,
    seats,
    rounds: countOf('rounds', values.rounds, 1, 1000),
    event: values.event ?? null,
    out: values.out ?? 'reports/race.html',
    keep: values.keep,
  };
}
