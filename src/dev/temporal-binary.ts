import { execFile, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { arch, homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { tryLock, type Lock } from './lock';
import { killGroup, track } from './supervisor';

/** The last one that `go install` can build: later modules carry a `replace`. */
const VERSION = '1.5.1';
const GO_MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`;
/** Where the SDK's own test environment downloads from. */
const DOWNLOAD_INFO = `https://temporal.download/cli/v${VERSION}`;
const STALL_MS = 15_000;
const DOWNLOAD_LIMIT_MS = 300_000;
const BUILD_LIMIT_MS = 1_800_000;

interface Task {
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
  signal?: AbortSignal;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** True when a file is a Temporal command line that runs here and has what we ask of its development server. */
async function isTemporal(file: string): Promise<boolean> {
  if (!isProgram(file)) return false;
  try {
    const { stdout } = await promisify(execFile)(file, ['server', 'start-dev', '--help'], { timeout: 20_000 });
    return ['--sqlite-pragma', '--search-attribute', '--dynamic-config-value'].every((flag) => stdout.includes(flag));
  } catch {
    return false;
  }
}

const seconds = (sinceMs: number): number => Math.round((Date.now() - sinceMs) / 1000);

/** Runs a long step and says every few seconds that it still does. */
async function withProgress<T>(label: string, progress: Task['progress'], step: () => Promise<T>): Promise<T> {
  const began = Date.now();
  progress(label);
  const timer = setInterval(() => progress(`${label} (${seconds(began)} s)`), 5_000);
  try {
    return await step();
  } finally {
    clearInterval(timer);
  }
}

/** Reads a response whole; one that goes silent is given up. */
async function fetchAll(url: string, signal: AbortSignal): Promise<Buffer> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(new Error('no answer')), STALL_MS);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, stalled.signal]) });
    if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(new Error('no answer')), STALL_MS);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** Takes one file out of a tar archive: blocks of 512 bytes, a header before each file. */
function untar(archive: Buffer, wanted: string): Buffer {
  for (let at = 0; at + 512 <= archive.length;) {
    const text = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8) || 0;
    if (text(0, 100).replace(/^\.\//, '') === wanted) return archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`the archive holds no ${wanted}`);
}

async function download(folder: string, task: Task): Promise<string> {
  const os = platform() === 'darwin' ? 'darwin' : 'linux';
  const cpu = arch() === 'arm64' ? 'arm64' : 'amd64';
  const signal = AbortSignal.any([AbortSignal.timeout(DOWNLOAD_LIMIT_MS), ...(task.signal ? [task.signal] : [])]);
  const info = await fetchAll(`${DOWNLOAD_INFO}?arch=${cpu}&platform=${os}&format=tar.gz`, signal);
  const { archiveUrl, fileToExtract } = JSON.parse(info.toString('utf8')) as {
    archiveUrl: string;
    fileToExtract: string;
  };
  const archive = await promisify(gunzip)(await fetchAll(archiveUrl, signal));
  const file = join(folder, 'temporal');
  writeFileSync(file, untar(archive, fileToExtract));
  chmodSync(file, 0o755);
  return file;
}

/** Builds with Go into a folder; ended with all its compilers when the signal or the time limit says so. */
async function build(folder: string, task: Task): Promise<string> {
  const env = { ...task.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
  const child = spawn('go', ['install', GO_MODULE], { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)));
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
    if (code !== 0) throw new Error(said.trim().split('\n').slice(-3).join('; ') || `go ended with code ${code}`);
    return join(folder, 'temporal');
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** Waits its turn: two runs on one machine fetch the server once. */
async function lockFetching(file: string, task: Task): Promise<Lock> {
  for (let said = 0; ;) {
    const lock = tryLock(file);
    if ('release' in lock) return lock;
    if (Date.now() - said > 10_000) {
      said = Date.now();
      task.progress(`Temporal: waiting for process ${lock.heldBy}, which is fetching it`);
    }
    await sleep(500, undefined, { signal: task.signal });
  }
}

async function fetchTemporal(bin: string, kept: string, task: Task): Promise<string> {
  const ways = [
    { label: 'Temporal: downloading the server', run: download },
    { label: 'Temporal: building the server with Go, once (about 4 minutes on 2 cores)', run: build },
  ];
  const refusals: string[] = [];
  for (const { label, run } of ways) {
    const aside = mkdtempSync(join(bin, '.fetch-'));
    try {
      const file = await withProgress(label, task.progress, () => run(aside, task));
      if (!(await isTemporal(file))) throw new Error('what was fetched does not run here');
      // Into place at once: a copy that is there is whole.
      renameSync(file, kept);
      return kept;
    } catch (error) {
      task.signal?.throwIfAborted();
      const { message, cause } = error as Error;
      const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
      task.progress(`${label.split(',')[0] ?? label} did not work (${reason})`);
      refusals.push(reason);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
  throw new Error(
    `no Temporal server could be had. Any one of these helps: put the Temporal CLI on the PATH (https://docs.temporal.io/cli), ` +
      `copy it to ${kept}, allow the download from temporal.download, install Go 1.24 or newer (tried: go install ` +
      `${GO_MODULE}), or name a running server with TEMPORAL_ADDRESS. Refused: ${refusals.join(' | ')}`,
  );
}

/**
 * Finds the Temporal command line, which holds the development server: on the PATH, the copy kept from an earlier
 * run, a download, or a build with Go.
 * @returns the path of a program that was seen to work. @throws Error that names these ways.
 */
export async function findTemporal(task: Task): Promise<string> {
  for (const folder of (task.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'temporal');
    if (folder !== '' && (await isTemporal(file))) return file;
  }
  const bin = join(task.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', 'bin');
  const kept = join(bin, `temporal-${VERSION}`);
  const findKept = async (): Promise<string | undefined> => {
    for (const file of [kept, join(bin, 'temporal')]) {
      if (existsSync(file) && (await isTemporal(file))) return file;
    }
    return undefined;
  };
  const found = await findKept();
  if (found !== undefined) return found;
  mkdirSync(bin, { recursive: true });
  const lock = await lockFetching(`${kept}.lock`, task);
  try {
    return (await findKept()) ?? (await fetchTemporal(bin, kept, task));
  } finally {
    lock.release();
  }
}
