import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  goInstall,
  isProgram,
  keptPrograms,
  lockFetching,
  onPath,
  withProgress,
  type FetchTask,
} from './fetched-programs';

/** The last version that `go install` can build: later modules contain a `replace`. */
const VERSION = '1.5.1';
const GO_MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`;
/** The address from which the SDK's own test environment downloads. */
const DOWNLOAD_INFO = `https://temporal.download/cli/v${VERSION}`;
/** SHA-256 of the archives of this version; what is built with Go is checked by Go's own checksum database. */
const ARCHIVES: Record<string, string> = {
  'linux-amd64': 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  'linux-arm64': 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
  'darwin-amd64': 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  'darwin-arm64': 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};
const STALL_MS = 15_000;
const DOWNLOAD_LIMIT_MS = 300_000;

/**
 * Whether a file is a Temporal CLI that runs on this machine and whose development server has the
 * options that we need.
 */
async function isTemporal(file: string): Promise<boolean> {
  if (!isProgram(file)) return false;
  try {
    const { stdout } = await promisify(execFile)(file, ['server', 'start-dev', '--help'], {
      timeout: 20_000,
    });
    return ['--sqlite-pragma', '--search-attribute', '--dynamic-config-value'].every((flag) =>
      stdout.includes(flag),
    );
  } catch {
    return false;
  }
}

/** Reads a whole response; gives up when no data arrives for a while. */
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

/** Extracts one file from a tar archive: blocks of 512 bytes, with a header before each file. */
function untar(archive: Buffer, wanted: string): Buffer {
  for (let at = 0; at + 512 <= archive.length;) {
    const text = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8) || 0;
    if (text(0, 100).replace(/^\.\//, '') === wanted)
      return archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`the archive holds no ${wanted}`);
}

/** @param expected SHA-256, in hex. @throws Error unless the bytes have this sum */
export function refuseOtherThan(expected: string, bytes: Buffer, source: string): void {
  const sum = createHash('sha256').update(bytes).digest('hex');
  if (sum !== expected)
    throw new Error(`${source} has the SHA-256 ${sum}, expected ${expected}: it was not unpacked`);
}

async function download(folder: string, task: FetchTask): Promise<string> {
  const os = platform() === 'darwin' ? 'darwin' : 'linux';
  const cpu = arch() === 'arm64' ? 'arm64' : 'amd64';
  const signal = AbortSignal.any([
    AbortSignal.timeout(DOWNLOAD_LIMIT_MS),
    ...(task.signal ? [task.signal] : []),
  ]);
  const info = await fetchAll(`${DOWNLOAD_INFO}?arch=${cpu}&platform=${os}&format=tar.gz`, signal);
  const { archiveUrl, fileToExtract } = JSON.parse(info.toString('utf8')) as {
    archiveUrl: string;
    fileToExtract: string;
  };
  const packed = await fetchAll(archiveUrl, signal);
  refuseOtherThan(ARCHIVES[`${os}-${cpu}`]!, packed, archiveUrl);
  const archive = await promisify(gunzip)(packed);
  const file = join(folder, 'temporal');
  writeFileSync(file, untar(archive, fileToExtract));
  chmodSync(file, 0o755);
  return file;
}

async function build(folder: string, task: FetchTask): Promise<string> {
  await goInstall(GO_MODULE, folder, task);
  return join(folder, 'temporal');
}

async function fetchTemporal(bin: string, kept: string, task: FetchTask): Promise<string> {
  const ways = [
    { label: 'Temporal: downloading the server', run: download },
    {
      label: 'Temporal: building the server with Go, once (about 4 minutes on 2 cores)',
      run: build,
    },
  ];
  const refusals: string[] = [];
  for (const { label, run } of ways) {
    const aside = mkdtempSync(join(bin, '.fetch-'));
    try {
      const file = await withProgress(label, task.progress, () => run(aside, task));
      if (!(await isTemporal(file))) throw new Error('what was fetched does not run here');
      // The program is moved into place at once, so a copy in the cache is always complete.
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
 * Finds the Temporal CLI, which contains the development server: on the PATH, in the cache of an
 * earlier run, by download, or by a build with Go.
 * @returns the path of a program that was tested. @throws Error that names these ways
 */
export async function findTemporal(task: FetchTask): Promise<string> {
  for (const file of onPath('temporal', task.env)) {
    if (await isTemporal(file)) return file;
  }
  const bin = keptPrograms(task.env);
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
  const lock = await lockFetching(`${kept}.lock`, 'Temporal', task);
  try {
    return (await findKept()) ?? (await fetchTemporal(bin, kept, task));
  } finally {
    lock.release();
  }
}
