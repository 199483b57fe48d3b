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

/**
 * First a fast shutdown (roll back, flush, end), then an immediate one, after which the next start
 * recovers.
 */
const POSTGRES_STOP: readonly StopStep[] = [
  { signal: 'SIGINT', limitMs: 15_000 },
  { signal: 'SIGQUIT', limitMs: 5_000 },
];

/**
 * Durable as in production: fsync and synchronous_commit stay on, because a lost commit would let a
 * seat be sold twice.
 */
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
  // PG* variables are removed, because they would make the programs use another server.
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

/**
 * Creates the data folder under another name and renames it, so a folder with the right name is
 * complete.
 */
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
 * Waits until no process of an earlier run uses the data. A killed postmaster leaves backends that
 * end by themselves a moment later; starting beside them would corrupt the data.
 */
async function settle(dataFolder: string): Promise<void> {
  const lives = (): { pid: number; start: string }[] => processesIn(dataFolder, ['postgres']);
  const postmaster = postmasterPid(dataFolder);
  const orphan = lives().find(({ pid }) => pid === postmaster);
  if (orphan) await endProcess(orphan.pid, orphan.start, POSTGRES_STOP);
  for (const until = Date.now() + 10_000; lives().length > 0 && Date.now() < until;)
    await sleep(25);
  // A backend that has not noticed the end of its postmaster is stopped or stuck. No new server has
  // been started beside it.
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
 * PostgreSQL itself detects a stale postmaster.pid, unless its pid now belongs to another process,
 * or to a zombie that is not reaped (in a container). The file is removed only on Linux, where
 * processes can be inspected, and only after no process was found that uses the data.
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

/** Runs `work` on a separate connection. */
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
    // The server is starting up or not running. Other errors, such as a wrong password, do not go
    // away by waiting.
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
