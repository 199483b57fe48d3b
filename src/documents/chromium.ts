import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { access, chmod, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import puppeteer, { type Browser } from 'puppeteer';
import { standBack } from '../stand-back';
import { escapeHtml } from './format';

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

/** A Chromium, and the environment it needs beyond ours. */
interface Chromium {
  path: string;
  env: Record<string, string>;
}

const SYSTEM_NAMES = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

const run = promisify(execFile);

/**
 * Starts a Chromium: the one named, else the system's, else the one that comes along as a package.
 * @throws Error that says what was tried, when none of them starts.
 */
export async function launchBrowser(options: LaunchOptions): Promise<LaunchedBrowser> {
  await removeLeftBehind();
  const failures: string[] = [];
  for (const candidate of candidates(options)) {
    try {
      const chromium = await candidate();
      return await launchInSandbox(chromium, options);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  const advice = 'install chromium, or name one with PUPPETEER_EXECUTABLE_PATH';
  throw new Error(`No Chromium could be started (${advice}): ${failures.join('; ')}`);
}

function candidates(options: LaunchOptions): (() => Promise<Chromium>)[] {
  const named = options.executablePath ?? process.env.PUPPETEER_EXECUTABLE_PATH;
  if (named) return [async () => ({ path: named, env: {} })];
  const system = SYSTEM_NAMES.map(findOnPath).filter((path) => path !== null);
  return [...system.map((path) => async () => ({ path, env: {} })), unpackBundled];
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

async function launchInSandbox(chromium: Chromium, options: LaunchOptions): Promise<LaunchedBrowser> {
  if (options.sandbox === 'off') return launch(chromium, options, false);
  try {
    return await launch(chromium, options, true);
  } catch (error) {
    if (options.sandbox === 'required') throw error;
    return launch(chromium, options, false);
  }
}

async function launch({ path, env }: Chromium, options: LaunchOptions, sandbox: boolean): Promise<LaunchedBrowser> {
  const profile = await mkdtemp(join(tmpdir(), `holdfast-browser-${process.pid}-`));
  const removeProfile = () => rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
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
      env: { ...process.env, ...env },
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
    if (pid !== undefined) standBack(pid, getPriority());
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
    const exit = ended ? Promise.resolve() : new Promise<void>((resolve) => child.once('exit', () => resolve()));
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

/** A process of ours that was killed could not remove its browser's profile, or a Chromium that it was unpacking. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^(?:holdfast-browser-|holdfast-chromium-[^-]+-\w+\.)(\d+)-/.exec(name)?.[1];
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

/**
 * Unpacks the packaged Chromium with its libraries to a folder that is kept for later starts. The package itself unpacks
 * to fixed names in the common temporary folder and takes whatever it finds there: half a file of a process that was
 * killed, or another user's. So it unpacks aside, in a process of its own, and the whole moves into place at once.
 */
async function unpackBundled(): Promise<Chromium> {
  const folder = join(tmpdir(), `holdfast-chromium-${await bundledVersion()}-${process.getuid?.() ?? 'user'}`);
  if (!(await isOurs(folder))) {
    const aside = await mkdtemp(`${folder}.${process.pid}-`);
    try {
      await unpackInto(aside, folder);
      await rename(aside, folder);
    } catch (error) {
      await rm(aside, { recursive: true, force: true });
      // Another process was faster: its copy is as good.
      if (!(await isOurs(folder))) throw error;
    }
  }
  return {
    path: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  };
}

/** In the folder's name, so that an upgrade of the package is not answered with the old program. */
async function bundledVersion(): Promise<string> {
  const manifest = join(dirname(require.resolve('@sparticuz/chromium')), '../../package.json');
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}

async function unpackInto(folder: string, lastingFolder: string): Promise<void> {
  await chmod(folder, 0o700);
  const script = `require(${JSON.stringify(require.resolve('@sparticuz/chromium'))}).executablePath().catch((error) => {
    console.error(error.message);
    process.exit(1);
  })`;
  await run(process.execPath, ['-e', script], {
    // The second makes it unpack the system libraries that Chromium needs, too.
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
    timeout: 120_000,
  });
  await access(join(folder, 'chromium'), constants.X_OK);
  await mkdir(join(folder, 'fonts-cache'));
  // A Chromium that finds no font at all does not start; ours come with the page, so any one will do.
  const [fonts, cache] = ['fonts', 'fonts-cache'].map((name) => escapeHtml(join(lastingFolder, name)));
  const fontsConf =
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">' +
    `<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>`;
  await writeFile(join(folder, 'fonts.conf'), fontsConf);
}

/** Whether the folder exists and nobody else may have put anything into it. */
async function isOurs(folder: string): Promise<boolean> {
  const stat = await lstat(folder).catch(() => null);
  if (!stat) return false;
  const uid = process.getuid?.() ?? stat.uid;
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new Error(`${folder} is in the way: it is not this user's own folder`);
  }
  return true;
}
