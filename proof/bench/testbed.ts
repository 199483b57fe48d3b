import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { baseEnv } from '../base-env';
import { makeHome } from '../home';
import { Client, Connection } from '@temporalio/client';
import { readSettings, createDatabase, type Database } from '../product';
import { HOUSEKEEPING_SCHEDULE_ID } from './product';
import { sendSignal } from '../../dev/processes';
import { startStack, type Stack } from '../../dev/stack';
import type { Chart } from '../report/charts';
import type { Bench } from './case';
import { dropPendingStarts, insertEvent } from './fixtures';
import { startLoad } from './load/driver';
import { waitUntilQuiet } from './machine';
import type { TemporalTarget } from './options';
import { apiProcesses, findRunningStack } from './running-stack';
import { startProgram } from './program';
import { startTemporalOnPostgres, type TemporalOnPostgres } from './targets/temporal-postgres';

/** Documents and mails have processes of their own: they are not measured with the holds. */
const WORKERS = ['reservations,relay', 'mail', 'documents'] as const;
const RELAY_WORKER = 0;
const QUIET_TIMEOUT_MS = 60_000;

export interface TestbedOptions {
  home: string | null;
  running: boolean;
  processes: number;
  temporal: TemporalTarget;
  scale: number;
  signal: AbortSignal;
  progress: (line: string) => void;
}

/** A measurement began although other processes used the machine. */
export interface NoisyPeriod {
  at: string;
  busyCores: number;
}

export interface Testbed {
  bench: Bench;
  noisyPeriods: readonly NoisyPeriod[];
  /** The charts of the cases so far. */
  charts: readonly Chart[];
  /** Resolves when a part of the system keeps failing. */
  failed: Promise<Error>;
  /**
   * Ends all that was started. Safe to repeat.
   * @param keepHome whether a folder of its own stays, with the logs
   */
  close: (keepHome?: boolean) => Promise<void>;
}

const brokeOff =
  (progress: TestbedOptions['progress']) =>
  (name: string, reason: string): void =>
    progress(`! ${name} ${reason}; discard what was measured meanwhile`);

function ownStack(
  home: string,
  { processes, signal, progress }: TestbedOptions,
  services: NodeJS.ProcessEnv = {},
): Promise<Stack> {
  return startStack({
    home,
    env: { ...baseEnv(), RATE_LIMIT: 'off', API_PROCESSES: String(processes), ...services },
    ports: {
      PORT: 0,
      PG_PORT: 0,
      TEMPORAL_PORT: 0,
      TEMPORAL_UI_PORT: 0,
      SMTP_PORT: 0,
      MAIL_UI_PORT: 0,
    },
    temporalDatabase: 'file',
    workers: WORKERS,
    seed: false,
    progress,
    signal,
    onEnd: brokeOff(progress),
  });
}

/** Our system on a Temporal server and a PostgreSQL as in docker-compose.yml. */
async function composedStack(
  home: string,
  options: TestbedOptions,
  closers: Closers,
): Promise<Stack> {
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
  const stack = await ownStack(home, options, {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: address,
  });
  return { ...stack, pids: () => ({ ...stack.pids(), ...composed.pids() }) };
}

/** Housekeeping would start the actors that `quiesce` has dropped. */
async function pauseHousekeeping(temporal: Client): Promise<() => Promise<void>> {
  const schedule = temporal.schedule.getHandle(HOUSEKEEPING_SCHEDULE_ID);
  await schedule.pause('a benchmark runs');
  return async () => schedule.unpause('the benchmark is over');
}

/** What has to be closed, in reverse order. */
class Closers {
  private readonly waiting: (() => Promise<void>)[] = [];
  add(close: () => Promise<void>): void {
    this.waiting.push(close);
  }
  async run(): Promise<void> {
    for (let close = this.waiting.pop(); close; close = this.waiting.pop())
      await close().catch(() => undefined);
  }
}

/** Stops a process (SIGSTOP) during `work`; it goes on afterwards, also when we are ended. */
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
  options: TestbedOptions,
  closers: Closers,
  { noisyPeriods, charts }: { noisyPeriods: NoisyPeriod[]; charts: Chart[] },
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
  const koa = await startProgram({
    path: ['proof', 'bench', 'baselines', 'koa', 'main.js'],
    args: [String(apiProcesses(stack.pids().api))],
    env: {
      ...baseEnv(),
      DATABASE_URL: databaseUrl,
      DATABASE_POOL: String(DATABASE_POOL),
      PORT: String(port),
    },
    logFile: log('koa'),
  });
  closers.add(() => koa.stop());
  const load = await startLoad(log('load'));
  closers.add(() => load.close());

  async function quiesce(): Promise<void> {
    options.signal.throwIfAborted();
    await dropPendingStarts(db);
    const busy = await waitUntilQuiet(QUIET_TIMEOUT_MS);
    if (busy === 0) return;
    noisyPeriods.push({ at: new Date().toISOString(), busyCores: busy });
    progress(`! the machine is not quiet: ${busy.toFixed(2)} cores are busy`);
  }

  return {
    stack,
    apiUrl,
    keys,
    baselineUrl: `http://127.0.0.1:${port}`,
    db,
    temporal,
    load,
    scale,
    progress,
    chart: (chart) => void charts.push(chart),
    makeEvent: (seats) => insertEvent(db, seats),
    quiesce,
    withoutRelay: (work) => whileStopped(stack.pids().workers[RELAY_WORKER]!, work),
  };
}

function findStack(home: string, options: TestbedOptions, closers: Closers): Promise<Stack> {
  if (options.running) return findRunningStack();
  return options.temporal === 'postgres'
    ? composedStack(home, options, closers)
    : ownStack(home, options);
}

/** Starts, or finds, the system, the baselines and the load generator. @throws Error; then nothing is left running */
export async function startTestbed(options: TestbedOptions): Promise<Testbed> {
  const closers = new Closers();
  const noisyPeriods: NoisyPeriod[] = [];
  const charts: Chart[] = [];
  const home = options.running ? '' : (options.home ?? makeHome('holdfast-bench'));
  const close = async (keepHome = false): Promise<void> => {
    await closers.run();
    if (home === '' || home === options.home) return;
    if (keepHome) options.progress(`the data and logs of the system are in ${home}`);
    else rmSync(home, { recursive: true, force: true });
  };
  try {
    const stack = await findStack(home, options, closers);
    closers.add(() => stack.stop());
    const bench = await build(stack, options, closers, { noisyPeriods, charts });
    return { bench, noisyPeriods, charts, failed: stack.failed, close };
  } catch (error) {
    await close(!options.signal.aborted);
    throw error;
  }
}
