import { parseArgs } from 'node:util';

/** `development`: the server of `npm run dev`, on SQLite; `postgres`: the one of docker-compose.yml, on PostgreSQL. */
const TEMPORAL_TARGETS = ['development', 'postgres'] as const;
export type TemporalTarget = (typeof TEMPORAL_TARGETS)[number];

export interface BenchOptions {
  /** null: the default of each case. */
  rounds: number | null;
  /** null: all. */
  only: readonly string[] | null;
  scale: number;
  /** API_PROCESSES of its own system, and as many processes of the baselines. */
  processes: number;
  /** The Temporal server of its own system. */
  temporal: TemporalTarget;
  /** null: a new one, removed afterwards. */
  home: string | null;
  /** On the system of `npm run dev`. */
  running: boolean;
  /** Of the report. */
  out: string;
  /** Folder of the results by commit and machine. */
  results: string;
  /** A tag, branch or commit of an older release; null: the cases of this one. */
  against: string | null;
  /** Figures of another system, measured on the same machine. */
  peer: string | null;
  strict: boolean;
  list: boolean;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run bench -- [options]

  --only ID,ID     these cases only (--list names them)
  --rounds N       rounds of each case (default: 3, long cases fewer)
  --quick          a tenth of the size and one round: to see that it works, not how fast
  --processes N    API processes of its own system, and of the baselines (default 1)
  --temporal KIND  its own system's Temporal: development (the default; the server of npm run dev, on SQLite) or postgres
                   (the server of docker-compose.yml, on PostgreSQL; built with Go once)
  --running        measure the system that npm run dev runs (started with RATE_LIMIT=off), not one of its own
  --home FOLDER    where its own system keeps its data (default: a new folder, removed afterwards)
  --against REF    builds an older release and runs it beside this one, each with services of its own, in turns: the
                   cases against-… alone
  --peer FILE      JSON with another system's figures, to compare with: { "hold10", "hold40", "raceMeanMs",
                   "flashRps", "flashLosersP50Ms" }, each if it is known
  --out FILE       the report (default reports/bench.html)
  --results FOLDER figures by commit and machine (default proof/bench/results)
  --strict         exit 1 when a target is missed
  --list           name the cases
  --help           this text`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

function parse(args: readonly string[]) {
  const options = {
    only: text,
    rounds: text,
    processes: text,
    temporal: text,
    home: text,
    peer: text,
    against: text,
    out: text,
    results: text,
  } as const;
  const flags = { quick: flag, running: flag, strict: flag, list: flag, help: flag } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, ...flags } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]);
  }
}

function countOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(value)) throw new UsageError(`--${name} must be a number from 1 to 99`);
  return Number(value);
}

function targetOf(value = 'development'): TemporalTarget {
  const target = TEMPORAL_TARGETS.find((one) => one === value);
  if (target === undefined)
    throw new UsageError(`--temporal must be ${TEMPORAL_TARGETS.join(' or ')}`);
  return target;
}

/** Reads the command line; null when help was asked for. @throws UsageError with one line that names what is wrong */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { rounds, processes, quick, running, strict, list, only } = values;
  if (running && values.home !== undefined)
    throw new UsageError('--running takes the system of HOLDFAST_HOME, not --home');
  if (running && values.temporal !== undefined)
    throw new UsageError('--running takes the Temporal of the system that runs, not --temporal');
  if (running && values.against !== undefined)
    throw new UsageError('--against runs systems of its own: leave --running out');
  return {
    rounds: countOf('rounds', rounds) ?? (quick ? 1 : null),
    only: only?.split(',').filter((id) => id !== '') ?? null,
    scale: quick ? 0.1 : 1,
    processes: countOf('processes', processes) ?? 1,
    temporal: targetOf(values.temporal),
    home: values.home ?? null,
    running,
    out: values.out ?? 'reports/bench.html',
    results: values.results ?? 'proof/bench/results',
    peer: values.peer ?? null,
    against: values.against ?? null,
    strict,
    list,
  };
}
