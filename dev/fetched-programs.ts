import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, type Lock } from './lock';
import { killGroup, track } from './supervisor';

const BUILD_LIMIT_MS = 1_800_000;

/**
 * Options for fetching a program: PATH, HOME and proxies in `env`; `progress` is called every few
 * seconds.
 */
export interface FetchTask {
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  signal?: AbortSignal;
}

/** The cache for programs, shared by all folders. */
export const keptPrograms = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', 'bin');

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The possible paths of a program with this name in the folders of the PATH. */
export const onPath = (name: string, env: NodeJS.ProcessEnv): string[] =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name));

const seconds = (sinceMs: number): number => Math.round((Date.now() - sinceMs) / 1000);

/** Runs a long step, and reports every few seconds that it is still running. */
export async function withProgress<T>(
  label: string,
  progress: FetchTask['progress'],
  step: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  progress(label);
  const timer = setInterval(() => progress(`${label} (${seconds(began)} s)`), 5_000);
  try {
    return await step();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Builds a module's command with Go into a folder; the file has the last part of the module's path
 * as its name. The signal or the time limit ends it together with its compilers.
 */
export async function goInstall(module: string, folder: string, task: FetchTask): Promise<void> {
  const env = { ...task.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
  const child = spawn('go', ['install', module], {
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-2_000)));
  const limits = [AbortSignal.timeout(BUILD_LIMIT_MS), ...(task.signal ? [task.signal] : [])];
  const signal = AbortSignal.any(limits);
  track(child);
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    );
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(said.trim().split('\n').slice(-3).join('; ') || `go ended with code ${code}`);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/**
 * Renames a complete folder to its final name, so a folder with that name is always complete. Where
 * another run has made one already, that one stays, because a process may be reading it.
 */
export function placeFolder(aside: string, folder: string): void {
  try {
    renameSync(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** Takes a lock: two runs on one machine fetch a program once. */
export async function lockFetching(file: string, what: string, task: FetchTask): Promise<Lock> {
  for (let said = 0; ;) {
    const lock = tryLock(file);
    if ('release' in lock) return lock;
    if (Date.now() - said > 10_000) {
      said = Date.now();
      task.progress(`${what}: waiting for process ${lock.heldBy}, which is fetching it`);
    }
    await sleep(500, undefined, { signal: task.signal });
  }
}
