import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { placeFolder } from '../dev/fetched-programs';
import { PROJECT } from '../dev/steps';
import { killGroup, openLog, track } from '../dev/supervisor';
import { baseEnv } from './base-env';
import { readDevInfo, type DevInfo } from './product';

const BUILD_LIMIT_MS = 900_000;
const READY_LIMIT_MS = 900_000;
const LOOK_EVERY_MS = 250;
const STOP_LIMIT_MS = 30_000;

/** An older release of the project, with what it needs to run. */
export interface Release {
  /** The commit, ten characters. */
  commit: string;
  folder: string;
}

/** The system that a release's own `npm run dev` runs. */
export interface ReleaseSystem {
  info: () => DevInfo;
  /** Safe to repeat. */
  stop: () => Promise<void>;
}

/** How npm and Go reach what they download. */
const DOWNLOADS =
  /^(PUPPETEER_\w+|npm_config_\w+|\w+_proxy|GO\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i;
const npmEnv = (): NodeJS.ProcessEnv => ({
  ...baseEnv(),
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => DOWNLOADS.test(name))),
});

/**
 * Builds a release in a folder of the user's cache, once for each commit.
 * @param ref a tag, a branch or a commit of the project's repository
 * @throws Error when there is no such commit, or it cannot be built
 */
export function buildRelease(ref: string, progress: (line: string) => void): Release {
  const git = (args: string[], options: { input?: Buffer } = {}): Buffer =>
    execFileSync('git', args, { cwd: PROJECT, maxBuffer: 2 ** 30, ...options });
  let commit: string;
  try {
    commit = git(['rev-parse', '--verify', '--short=10', `${ref}^{commit}`])
      .toString()
      .trim();
  } catch {
    throw new Error(`there is no commit '${ref}' in this repository`);
  }
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'holdfast', 'releases', commit);
  if (existsSync(folder)) return { commit, folder };
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  try {
    execFileSync('tar', ['-x', '-C', aside], { input: git(['archive', commit]) });
    const npm = (...args: string[]): void => {
      progress(`release ${commit}: npm ${args.join(' ')}`);
      execFileSync('npm', args, {
        cwd: aside,
        env: npmEnv(),
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: BUILD_LIMIT_MS,
      });
    };
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
    npm('run', '--silent', 'build');
    placeFolder(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return { commit, folder };
}

/**
 * Starts a release as its own `npm run dev` does: with a PostgreSQL, a Temporal and data of its own.
 * @param options.home the folder of its data
 * @param options.settings its settings, beside the ports, which are free ones
 */
export async function startRelease(
  { commit, folder }: Release,
  options: {
    home: string;
    settings: Record<string, string>;
    logFile: string;
    signal: AbortSignal;
  },
): Promise<ReleaseSystem> {
  const { home, settings, logFile, signal } = options;
  const ports = ['PORT', 'PG_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'SMTP_PORT'];
  const log = openLog(logFile);
  const child = spawn('npm', ['run', '--silent', 'dev'], {
    cwd: folder,
    env: {
      ...npmEnv(),
      ...Object.fromEntries([...ports, 'MAIL_UI_PORT'].map((name) => [name, '0'])),
      HOLDFAST_HOME: home,
      ...settings,
    },
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
  });
  closeSync(log.descriptor);
  track(child);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const stop = async (): Promise<void> => {
    // npm does not pass on every signal: the group gets it, and its parts end in their order.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
    killGroup(child.pid);
    await ended;
  };
  const info = (): DevInfo => {
    const found = readDevInfo(home);
    if (!found) throw new Error(`release ${commit} does not run; see ${logFile}\n${log.tail()}`);
    return found;
  };
  try {
    for (const until = Date.now() + READY_LIMIT_MS; readDevInfo(home) === null;) {
      signal.throwIfAborted();
      if (child.exitCode !== null || Date.now() > until) info();
      await delay(LOOK_EVERY_MS);
    }
    return { info, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
