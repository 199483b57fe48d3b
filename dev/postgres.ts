import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, isUnavailable, sql, type Queryable } from './product';
import { preparePostgres, type PostgresInstall } from './postgres-install';
import { endProcess, processesIn, type StopStep } from './processes';
import { openLog, track, type PartDefinition } from './supervisor';

const DATABASE = 'holdfast';

/** Fast shutdown (roll back, write everything, end); then without writing, to be recovered at the next start. */
const POSTGRES_STOP: readonly StopStep[] = [
  { signal: 'SIGINT', limitMs: 15_000 },
  { signal: 'SIGQUIT', limitMs: 5_000 },
];

/** Durable as in production: fsync and synchronous_commit are left on, because a lost commit is a seat sold twice. */
const SERVER_SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  jit: 'off',
  timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
};

const baseEnv = (): NodeJS.ProcessEnv => ({
  // No PG* variables: they would point the programs elsewhere.
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))),
  LC_ALL: 'C',
});

function readPassword(home: string, initialised: boolean): string {
  const file = join(home, 'postgres.password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (initialised) {
    throw new Error(
      `${file} is missing, and the database in ${home} cannot be opened without it: restore it, or remove ${home} to begin anew`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Makes the data folder aside and moves it into place, so that one that is there is whole. */
async function initialise(
  install: PostgresInstall,
  dataFolder: string,
  password: string,
  logFile: string,
): Promise<void> {
  for (const entry of readdirSync(install.dataFolder)) {
    if (entry.startsWith('data.new'))
      rmSync(join(install.dataFolder, entry), { recursive: true, force: true });
  }
  const aside = `${dataFolder}.new`;
  const passwordFile = join(install.dataFolder, 'data.new-password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (install.runAs) chownSync(passwordFile, install.runAs.uid, install.runAs.gid);
  const args = [
    '-D',
    aside,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
  ];
  args.push(
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  );
  const log = openLog(logFile);
  const child = spawn(join(install.binFolder, 'initdb'), args, {
    ...install.runAs,
    cwd: install.dataFolder,
    env: baseEnv(),
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
  });
  closeSync(log.descriptor);
  track(child);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('exit', resolve),
  );
  rmSync(passwordFile);
  if (code !== 0) throw new Error(`initdb failed; see ${logFile}\n${log.tail()}`);
  renameSync(aside, dataFolder);
}

/**
 * Waits until no process of an earlier life uses the data: a killed postmaster leaves backends that end by themselves
 * a moment later, and starting beside them would corrupt the data.
 */
async function settle(dataFolder: string): Promise<void> {
  const lives = (): { pid: number; start: string }[] => processesIn(dataFolder, ['postgres']);
  const postmaster = postmasterPid(dataFolder);
  const orphan = lives().find(({ pid }) => pid === postmaster);
  if (orphan) await endProcess(orphan.pid, orphan.start, POSTGRES_STOP);
  for (const until = Date.now() + 10_000; lives().length > 0 && Date.now() < until;)
    await sleep(25);
  // What does not see that its postmaster is gone is stopped or stuck. Nothing new has been started beside it.
  await Promise.all(
    lives().map(({ pid, start }) =>
      endProcess(pid, start, [{ signal: 'SIGQUIT', limitMs: 5_000 }]),
    ),
  );
  removeMisleadingPidFile(dataFolder);
}

function postmasterPid(dataFolder: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8'), 10);
  } catch {
    return null;
  }
}

/**
 * Postgres itself sees through a stale postmaster.pid, unless the pid in it belongs to some other process by now, or
 * to a zombie that nobody collects (in a container). Only where we can look (Linux), and right after we saw that
 * nothing uses the data, is that file removed.
 */
function removeMisleadingPidFile(dataFolder: string): void {
  const pid = postmasterPid(dataFolder);
  if (pid === null || !existsSync(`/proc/${pid}`)) return;
  if (processesIn(dataFolder, ['postgres']).length === 0)
    rmSync(join(dataFolder, 'postmaster.pid'), { force: true });
}

const PING = sql('dev_ping', 'select 1 as up');
const FIND_DATABASE = sql(
  'dev_database_find',
  'select 1 as found from pg_database where datname = $1',
);
const MAKE_DATABASE = sql('dev_database_make', `create database ${DATABASE}`);

/** Runs `work` on a connection of its own. */
async function withConnection<Result>(
  url: string,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  const options = { pool: 1, prepared: false, connectTimeoutMs: 2_000, queryTimeoutMs: 60_000 };
  const database = createDatabase({ url, applicationName: 'holdfast-dev', ...options });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function connects(url: string): Promise<boolean> {
  try {
    await withConnection(url, (db) => db.rows(PING));
    return true;
  } catch (error) {
    // Starting up, or not there yet. Anything else, a wrong password say, does not get better by waiting.
    if (isUnavailable(error)) return false;
    throw error;
  }
}

async function ensureDatabase(url: string): Promise<void> {
  await withConnection(url, async (db) => {
    const found = await db.rows(FIND_DATABASE, [DATABASE]);
    if (found.length === 0) await db.run(MAKE_DATABASE);
  });
}

/**
 * Prepares the embedded Postgres: programs, user, data folder (made on the first run, in about a second).
 * @returns what the supervisor runs, the URL of the database, and a last step for when it runs.
 */
export async function definePostgres(options: {
  home: string;
  port: number;
  recordFolder: string;
  progress: (line: string) => void;
}): Promise<{ definition: PartDefinition; databaseUrl: string; afterStart: () => Promise<void> }> {
  const { home, port, progress } = options;
  const install = preparePostgres(home, progress);
  const dataFolder = join(install.dataFolder, 'data');
  const logFile = join(home, 'logs', 'postgres.log');
  const initialised = existsSync(join(dataFolder, 'PG_VERSION'));
  const password = readPassword(home, initialised);
  if (!initialised) {
    progress('Postgres: making the database folder');
    await initialise(install, dataFolder, password, logFile);
  }
  const urlOf = (database: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const settings = { ...SERVER_SETTINGS, port: String(port) };
  const definition: PartDefinition = {
    name: 'postgres',
    file: join(install.binFolder, 'postgres'),
    args: [
      '-D',
      dataFolder,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    options: { ...install.runAs, cwd: dataFolder, env: baseEnv() },
    logFile,
    recordFolder: options.recordFolder,
    settle: () => settle(dataFolder),
    ready: async (_child, signal) => {
      while (!signal.aborted && !(await connects(urlOf('postgres')))) await sleep(50);
    },
    readyLimitMs: 120_000,
    stop: POSTGRES_STOP,
  };
  return {
    definition,
    databaseUrl: urlOf(DATABASE),
    afterStart: () => ensureDatabase(urlOf('postgres')),
  };
}
