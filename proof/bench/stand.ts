import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { readSettings, HOUSEKEEPING_SCHEDULE_ID, createDatabase, type Database } from '../product';
import { sendSignal } from '../../dev/processes';
import { startStack, type Stack } from '../../dev/stack';
import type { Chart } from '../report/charts';
import type { Bench } from './case';
import { forgetWaiting, insertEvent } from './fixtures';
import { startLoad } from './load/driver';
import { waitUntilQuiet } from './machine';
import type { TemporalTarget } from './options';
import { apiProcesses, findRunningStack } from './running-stack';
import { startProgram } from './program';
import { startTemporalOnPostgres, type TemporalOnPostgres } from './targets/temporal-postgres';

/** The documents' browser has a process of its own, and so have the mails: neither is measured with the holds. */
const WORKERS = ['reservations,relay', 'mail', 'documents'] as const;
const RELAY_WORKER = 0;
const QUIET_LIMIT_MS = 60_000;

export interface StandOptions {
  home: string | null;
  running: boolean;
  processes: number;
  temporal: TemporalTarget;
  scale: number;
  signal: AbortSignal;
  progress: (line: string) => void;
}

/** A measurement was begun although the machine had not come to rest. */
export interface Unrest {
  at: string;
  busyCores: number;
}

export interface Stand {
  bench: Bench;
  unrest: readonly Unrest[];
  /** What the cases have shown so far. */
  charts: readonly Chart[];
  /** Resolves when a part of the system was given up. */
  failed: Promise<Error>;
  /**
   * Ends all that was started. Safe to repeat.
   * @param keepHome whether a folder of its own stays, with the logs
   */
  close: (keepHome?: boolean) => Promise<void>;
}

/** What a process needs of ours to run at all; no setting of the user's has a say in a measurement. */
const baseEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'PUPPETEER_EXECUTABLE_PATH'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const brokeOff =
  (progress: StandOptions['progress']) =>
  (name: string, reason: string): void =>
    progress(`! ${name} ${reason}; what was measured meanwhile is worth nothing`);

function ownStack(
  home: string,
  { processes, signal, progress }: StandOptions,
  services: NodeJS.ProcessEnv = {},
): Promise<Stack> {
  return startStack({
    home,
    env: { ...baseEnv(), RATE_LIMIT: 'off', API_PROCESSES: String(processes), ...services },
    ports: { PORT: 0, PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    temporalDatabase: 'file',
    workers: WORKERS,
    seed: false,
    progress,
    signal,
    onEnd: brokeOff(progress),
  });
}

/** The system on a Temporal and a PostgreSQL as in docker-compose.yml, which count as its own parts here. */
async function composedStack(home: string, options: StandOptions, closers: Closers): Promise<Stack> {
  const { signal, progress } = options;
  const composed: TemporalOnPostgres = await startTemporalOnPostgres({
    home: join(home, 'composed'),
    env: baseEnv(),
    signal,
    progress,
    onEnd: brokeOff(progress),
  });
  closers.add(() => composed.stop());
  const { databaseUrl, address } = composed;
  const stack = await ownStack(home, options, { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: address });
  return { ...stack, pids: () => ({ ...stack.pids(), ...composed.pids() }) };
}

/** The actors of holds that were forgotten on purpose must not be missed meanwhile. */
async function pauseHousekeeping(temporal: Client): Promise<() => Promise<void>> {
  const schedule = temporal.schedule.getHandle(HOUSEKEEPING_SCHEDULE_ID);
  await schedule.pause('a benchmark runs');
  return async () => schedule.unpause('the benchmark is over');
}

/** Things to end, the last one first. */
class Closers {
  private readonly waiting: (() => Promise<void>)[] = [];
  add(close: () => Promise<void>): void {
    this.waiting.push(close);
  }
  async run(): Promise<void> {
    for (let close = this.waiting.pop(); close; close = this.waiting.pop()) await close().catch(() => undefined);
  }
}

/** Stops a process meanwhile; it goes on whichever way this ends, and also when we are ended. */
async function whileStopped<Result>(pid: number, work: () => Promise<Result>): Promise<Result> {
  const resume = (): void => sendSignal(pid, 'SIGCONT');
  process.once('exit', resume);
  sendSignal(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.off('exit', resume);
    resume();
  }
}

async function build(
  stack: Stack,
  options: StandOptions,
  closers: Closers,
  { unrest, charts }: { unrest: Unrest[]; charts: Chart[] },
): Promise<Bench> {
  const { apiUrl, databaseUrl, temporalAddress, temporalNamespace, keys } = stack.info();
  const { progress, scale } = options;
  const log = (name: string): string => join(stack.logFolder, `bench-${name}.log`);

  const db: Database = createDatabase({
    url: databaseUrl,
    pool: 4,
    prepared: true,
    applicationName: 'holdfast-bench',
    queryTimeoutMs: 120_000,
  });
  closers.add(() => db.close());
  const connection = await Connection.connect({ address: temporalAddress });
  closers.add(() => connection.close());
  const temporal = new Client({ connection, namespace: temporalNamespace });
  closers.add(await pauseHousekeeping(temporal));

  const port = await stack.services.ports.free();
  const { DATABASE_POOL } = readSettings(['DATABASE_POOL'], {});
  const bare = await startProgram({
    path: ['proof', 'bench', 'limits', 'bare', 'main.js'],
    args: [String(apiProcesses(stack.pids().api))],
    env: { ...baseEnv(), DATABASE_URL: databaseUrl, DATABASE_POOL: String(DATABASE_POOL), PORT: String(port) },
    logFile: log('bare'),
  });
  closers.add(() => bare.stop());
  const load = await startLoad(log('load'));
  closers.add(() => load.close());

  async function rest(): Promise<void> {
    options.signal.throwIfAborted();
    await forgetWaiting(db);
    const busy = await waitUntilQuiet(QUIET_LIMIT_MS);
    if (busy === 0) return;
    unrest.push({ at: new Date().toISOString(), busyCores: busy });
    progress(`! the machine does not come to rest: ${busy.toFixed(2)} cores are busy`);
  }

  return {
    stack,
    apiUrl,
    keys,
    bareUrl: `http://127.0.0.1:${port}`,
    db,
    temporal,
    load,
    scale,
    progress,
    chart: (chart) => void charts.push(chart),
    makeEvent: (seats) => insertEvent(db, seats),
    rest,
    limit: (work) => whileStopped(stack.pids().workers[RELAY_WORKER]!, work),
  };
}

/** A new folder for one run. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  // As root, Postgres runs as a user of its own, who must reach its data here; what is secret has its own mode.
  chmodSync(home, 0o711);
  return home;
}

function findStack(home: string, options: StandOptions, closers: Closers): Promise<Stack> {
  if (options.running) return findRunningStack();
  return options.temporal === 'postgres' ? composedStack(home, options, closers) : ownStack(home, options);
}

/** Starts, or finds, all that the cases stand on. @throws Error, with nothing left running */
export async function makeStand(options: StandOptions): Promise<Stand> {
  const closers = new Closers();
  const unrest: Unrest[] = [];
  const charts: Chart[] = [];
  const home = options.running ? '' : (options.home ?? makeHome());
  const close = async (keepHome = false): Promise<void> => {
    await closers.run();
    if (home === '' || home === options.home) return;
    if (keepHome) options.progress(`what the system has left behind is in ${home}`);
    else rmSync(home, { recursive: true, force: true });
  };
  try {
    const stack = await findStack(home, options, closers);
    closers.add(() => stack.stop());
    const bench = await build(stack, options, closers, { unrest, charts });
    return { bench, unrest, charts, failed: stack.failed, close };
  } catch (error) {
    await close(!options.signal.aborted);
    throw error;
  }
}
