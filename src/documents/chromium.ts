import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer';
import { lowerPriority } from '../process-priority';
import { CHROMIUM_NAMES } from './chromium-names';

/**
 * Whether to use the sandbox: `off`, `required`, or `preferred` (first with the sandbox, then
 * without it if the machine does not support it).
 */
export type SandboxMode = 'off' | 'required' | 'preferred';

export interface LaunchOptions {
  /** The only Chromium to use; default `PUPPETEER_EXECUTABLE_PATH`. */
  executablePath?: string | undefined;
  sandbox: SandboxMode;
  launchLimitMs: number;
  /** Time limit for one command to the browser. */
  commandLimitMs: number;
}

export interface LaunchedBrowser {
  browser: Browser;
  /** Ends the browser and all its processes at once, and removes its profile. Safe to repeat. */
  kill(): Promise<void>;
}

/**
 * Starts Chromium: the given one, otherwise the system's.
 * @throws Error that lists what was tried, when none of them starts
 */
export async function launchBrowser(options: LaunchOptions): Promise<LaunchedBrowser> {
  await removeLeftBehind();
  const failures: string[] = [];
  for (const path of candidates(options)) {
    try {
      return await launchInSandbox(path, options);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  const advice = 'install chromium, or name one with PUPPETEER_EXECUTABLE_PATH';
  throw new Error(
    `No Chromium could be started (${advice}): ${failures.join('; ') || 'none was found'}`,
  );
}

/** What Chromium and its fonts need of the environment. It gets no more: the rest has our secrets. */
const CHROMIUM_VARIABLES =
  /^(PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|FONTCONFIG_\w+|XDG_\w+)$/;

const chromiumEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => CHROMIUM_VARIABLES.test(name)));

function candidates(options: LaunchOptions): string[] {
  const named = options.executablePath ?? process.env.PUPPETEER_EXECUTABLE_PATH;
  if (named) return [named];
  return CHROMIUM_NAMES.map(findOnPath).filter((path) => path !== null);
}

function findOnPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

async function launchInSandbox(path: string, options: LaunchOptions): Promise<LaunchedBrowser> {
  if (options.sandbox === 'off') return launch(path, options, false);
  try {
    return await launch(path, options, true);
  } catch (error) {
    if (options.sandbox === 'required') throw error;
    return launch(path, options, false);
  }
}

async function launch(
  path: string,
  options: LaunchOptions,
  sandbox: boolean,
): Promise<LaunchedBrowser> {
  const profile = await mkdtemp(join(tmpdir(), `holdfast-browser-${process.pid}-`));
  const removeProfile = () =>
    rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    const browser = await puppeteer.launch({
      executablePath: path,
      // Results in plain `--headless`, which old and new versions, full browser and shell, all
      // support.
      headless: 'shell',
      // A browser that is connected by a pipe ends when this process dies for any reason.
      pipe: true,
      userDataDir: profile,
      env: chromiumEnv(),
      timeout: options.launchLimitMs,
      protocolTimeout: options.commandLimitMs,
      // The browser pool decides when the browser ends, not a signal.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: [
        ...(sandbox ? [] : ['--no-sandbox', '--no-zygote']),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        '--font-render-hinting=none',
        // No host name resolves, because nothing may be loaded from the network.
        '--host-resolver-rules=MAP * ~NOTFOUND',
      ],
    });
    // The browser has a session of its own, so it does not inherit the worker's priority there.
    const { pid } = browser.process() ?? {};
    if (pid !== undefined) lowerPriority(pid, getPriority());
    return { browser, kill: () => killBrowser(browser, removeProfile) };
  } catch (error) {
    await removeProfile();
    throw error;
  }
}

async function killBrowser(browser: Browser, removeProfile: () => Promise<void>): Promise<void> {
  const child = browser.process();
  if (child?.pid !== undefined) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    const exit = ended
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      // Puppeteer starts the browser as the leader of a process group, so one signal ends all its
      // helper processes too.
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The whole process group has ended.
    }
    await exit;
  }
  await browser.disconnect();
  await removeProfile();
}

/** Removes profiles of browsers whose process was killed and could not remove them itself. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^holdfast-browser-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) {
      // A folder of another user stays; so does one that another process is removing right now.
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
