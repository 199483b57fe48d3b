import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer';
import { lowerPriority } from '../process-priority';

/** Off, `required`, or `preferred`: tried with the sandbox first and without it where the machine has none to offer. */
export type SandboxMode = 'off' | 'required' | 'preferred';

export interface LaunchOptions {
  /** The Chromium to use, and no other; `PUPPETEER_EXECUTABLE_PATH` unless given. */
  executablePath?: string | undefined;
  sandbox: SandboxMode;
  launchLimitMs: number;
  /** Limit of one command to the browser. */
  commandLimitMs: number;
}

export interface LaunchedBrowser {
  browser: Browser;
  /** Ends the browser and all its processes at once, and removes its profile. Safe to repeat. */
  kill(): Promise<void>;
}

/** How systems name the browser's program, the one to try first at the front. */
export const CHROMIUM_NAMES = [
  'chromium',
  'google-chrome',
  'google-chrome-stable',
  'chromium-browser',
];

/**
 * Starts a Chromium: the one named, else the system's.
 * @throws Error that says what was tried, when none of them starts.
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
      // `--headless` plainly: old and new Chromium, full and shell, all know it.
      headless: 'shell',
      // A browser on a pipe ends by itself when our process dies, however that happens.
      pipe: true,
      userDataDir: profile,
      timeout: options.launchLimitMs,
      protocolTimeout: options.commandLimitMs,
      // Who uses the browser decides when it ends.
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
        // Nothing is to be fetched: no name resolves.
        '--host-resolver-rules=MAP * ~NOTFOUND',
      ],
    });
    // A session of its own would stand before its own worker.
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
      // Puppeteer starts it as the leader of a process group: its helpers go with it, whatever state they are in.
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
    await exit;
  }
  await browser.disconnect();
  await removeProfile();
}

/** A process of ours that was killed could not remove its browser's profile. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^holdfast-browser-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) {
      // Another user's folder stays; so does one that another process is removing right now.
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
