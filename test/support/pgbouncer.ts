import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  lchownSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findUser, type RunAs } from '../../dev/postgres-install';
import { createDatabase, sql } from '../../src/db/database';
import type { FoundProgram } from './find-debian-program';
import { freePort } from './free-port';

const READY_LIMIT_MS = 120_000;

export interface PgBouncer {
  /** The given database's address, through the pooler. */
  url: string;
  /** What it wrote to its log so far. */
  log(): string;
  stop(): Promise<void>;
}

/** It runs as another user when we are root, who may not reach our cache: so it runs from a copy beside its settings. */
function copyProgram(
  program: FoundProgram,
  folder: string,
): { file: string; env: NodeJS.ProcessEnv } {
  const file = join(folder, 'pgbouncer');
  cpSync(program.file, file);
  const libraries = program.libraryPath.split(delimiter).filter((one) => one !== '');
  const copies = libraries.map((_, index) => join(folder, `lib-${index}`));
  libraries.forEach((library, index) =>
    cpSync(library, copies[index]!, { recursive: true, verbatimSymlinks: true }),
  );
  return { file, env: { LD_LIBRARY_PATH: copies.join(delimiter) } };
}

function writeSettings(
  folder: string,
  target: URL,
  port: number,
  serverConnections: number,
): string {
  const users = join(folder, 'users.txt');
  const [user, password] = [target.username, target.password].map(decodeURIComponent) as [
    string,
    string,
  ];
  writeFileSync(users, `"${user}" "${password}"\n`, { mode: 0o600 });
  const file = join(folder, 'pgbouncer.ini');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: serverConnections,
    max_db_connections: serverConnections,
    max_client_conn: 200,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    file,
    `[databases]\n* = host=${target.hostname} port=${target.port}\n[pgbouncer]\n${lines.join('\n')}\n`,
  );
  return file;
}

/** What the pooler's user needs to reach is its own. */
function giveAll(folder: string, user: RunAs): void {
  for (const entry of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
    lchownSync(join(folder, entry), user.uid, user.gid);
}

async function answers(url: string): Promise<boolean> {
  const db = createDatabase({
    url,
    pool: 1,
    prepared: false,
    applicationName: 'holdfast-test',
    connectTimeoutMs: 1000,
  });
  try {
    await db.run(sql('ping', 'select 1'));
    return true;
  } catch {
    return false;
  } finally {
    await db.close();
  }
}

/**
 * Starts a real PgBouncer in transaction mode before the server of `databaseUrl`, with its defaults: it keeps no prepared
 * statements (before 1.21) and refuses session settings at the start of a connection.
 * @param serverConnections that it opens at most, for all its clients
 */
export async function startPgBouncer(
  program: FoundProgram,
  databaseUrl: string,
  serverConnections: number,
): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pgbouncer-'));
  const user = findUser(() => undefined);
  const target = new URL(databaseUrl);
  const port = await freePort();
  const { file, env } = copyProgram(program, folder);
  const settings = writeSettings(folder, target, port, serverConnections);
  if (user) giveAll(folder, user);
  const logFile = join(folder, 'pgbouncer.log');
  const log = openSync(logFile, 'a');
  const child = spawn(file, [settings], { ...user, env, cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    // It has no state; told to stop gently, some releases wait for their clients.
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const read = (): string => readFileSync(logFile, 'utf8');
  for (const until = Date.now() + READY_LIMIT_MS; !(await answers(url.href));) {
    await delay(100);
    if (Date.now() < until && child.exitCode === null) continue;
    const said = read();
    await stop();
    throw new Error(`PgBouncer does not answer:\n${said}`);
  }
  return { url: url.href, log: read, stop };
}
