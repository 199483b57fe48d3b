import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { placeFolder } from '../../dev/fetched-programs';
import { tryLock, type Lock } from '../../dev/lock';

const APT_LIMIT_MS = 120_000;

/** A program that was seen to run. */
export interface FoundProgram {
  file: string;
  /** Where it finds the libraries that came with it; empty: the system's. */
  libraryPath: string;
  version: string;
}

/** A program of Debian. */
interface DebianProgram {
  name: string;
  /** Its package, where that has another name. */
  package?: string;
  title: string;
  versionArgs: readonly string[];
  version: RegExp;
  /** The variable that names another one. */
  variable: string;
}

const PGBOUNCER: DebianProgram = {
  name: 'pgbouncer',
  title: 'PgBouncer',
  versionArgs: ['--version'],
  version: /PgBouncer (\S+)/,
  variable: 'PGBOUNCER_PATH',
};
const HAPROXY: DebianProgram = {
  name: 'haproxy',
  title: 'HAProxy',
  versionArgs: ['-v'],
  version: /HAProxy version (\S+)/,
  variable: 'HAPROXY_PATH',
};

const PROMTOOL: DebianProgram = {
  name: 'promtool',
  package: 'prometheus',
  title: 'promtool',
  versionArgs: ['--version'],
  version: /promtool, version (\S+)/,
  variable: 'PROMTOOL_PATH',
};

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const limits = { timeout: APT_LIMIT_MS, stdio: 'pipe' } as const;
  return execFileSync(command, args, { encoding: 'utf8', ...limits, ...options });
}

/** @returns undefined when there is none, or it does not run here */
function seen(
  { versionArgs, version }: DebianProgram,
  file: string,
  libraryPath = '',
): FoundProgram | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const text = run(file, versionArgs, { env: { LD_LIBRARY_PATH: libraryPath } });
    const found = version.exec(text)?.[1];
    return found === undefined ? undefined : { file, libraryPath, version: found };
  } catch {
    return undefined;
  }
}

/** A package's files, unpacked: the program, and the libraries in a folder for the architecture. */
function unpacked(wanted: DebianProgram, folder: string): FoundProgram | undefined {
  const libraries = [join(folder, 'usr', 'lib'), join(folder, 'lib')]
    .filter((lib) => existsSync(lib))
    .flatMap((lib) => readdirSync(lib).map((architecture) => join(lib, architecture)));
  for (const place of ['sbin', 'bin']) {
    const found = seen(wanted, join(folder, 'usr', place, wanted.name), libraries.join(delimiter));
    if (found) return found;
  }
  return undefined;
}

/**
 * Downloads packages into `folder`, by the system's package lists, else by lists fetched for this
 * alone. Needs no root.
 */
function download(packages: readonly string[], folder: string): string[] {
  const own = join(folder, 'apt');
  for (const part of ['lists', 'cache']) mkdirSync(join(own, part, 'partial'), { recursive: true });
  const options = ['-q', '-o', 'Acquire::http::Timeout=10', '-o', 'APT::Sandbox::User=root'];
  const ownLists = [
    ...options,
    '-o',
    `Dir::State::Lists=${own}/lists`,
    '-o',
    `Dir::Cache=${own}/cache`,
  ];
  const files = mkdtempSync(join(folder, 'packages-'));
  try {
    run('apt-get', [...options, 'download', ...packages], { cwd: files });
  } catch {
    run('apt-get', [...ownLists, 'update']);
    run('apt-get', [...ownLists, 'download', ...packages], { cwd: files });
  }
  return readdirSync(files).map((name) => join(files, name));
}

/** The libraries that a package names, but for libc. */
const librariesOf = (file: string): string[] =>
  run('dpkg-deb', ['--field', file, 'Depends'])
    .split(/[,|]/)
    .map((one) => one.trim().split(/[\s:]/)[0]!)
    .filter((name) => /^lib(?!c6$|gcc-s1$)/.test(name));

const CLOCK = new Int32Array(new SharedArrayBuffer(4));

/** Waits until no other run is at it: each of its commands has a limit, and a dead one's lock is taken over. */
function lockNow(file: string): Lock {
  for (;;) {
    const lock = tryLock(file);
    if ('release' in lock) return lock;
    Atomics.wait(CLOCK, 0, 0, 500);
  }
}

/**
 * Debian's own package with the libraries that it names, and theirs, unpacked into our cache for
 * later runs.
 */
function fetchFromDebian(wanted: DebianProgram, kept: string): FoundProgram {
  const aside = mkdtempSync(join(tmpdir(), `holdfast-${wanted.name}-`));
  const root = `${kept}.${process.pid}`;
  try {
    const [program] = download([wanted.package ?? wanted.name], aside);
    const libraries = download(librariesOf(program!), aside);
    const named = new Set(libraries.flatMap(librariesOf));
    const further = named.size > 0 ? download([...named], aside) : [];
    mkdirSync(root, { recursive: true });
    for (const file of [program!, ...libraries, ...further])
      run('dpkg-deb', ['--extract', file, root]);
    // One that is there does not run here, for example since the system was renewed.
    rmSync(kept, { recursive: true, force: true });
    placeFolder(root, kept);
  } finally {
    for (const folder of [aside, root]) rmSync(folder, { recursive: true, force: true });
  }
  const found = unpacked(wanted, kept);
  if (!found) throw new Error(`Debian's ${wanted.title} in ${kept} does not run here`);
  return found;
}

/**
 * Finds a program: the one that its variable names, one on the PATH, the copy kept from an earlier run, or Debian's
 * package. Waits for it, since a test file must know at once whether it can run.
 * @returns the program, or why there is none
 */
function find(
  wanted: DebianProgram,
  env: NodeJS.ProcessEnv = process.env,
): FoundProgram | { reason: string } {
  const { name, title, variable } = wanted;
  const given = env[variable];
  if (given) return seen(wanted, given) ?? { reason: `${given} is no ${title} that runs` };
  const kept = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', name);
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, '/usr/sbin']) {
    const found = seen(wanted, join(folder, name));
    if (found) return found;
  }
  let lock: Lock | undefined;
  try {
    const there = unpacked(wanted, kept);
    if (there) return there;
    lock = lockNow(`${kept}.lock`);
    return unpacked(wanted, kept) ?? fetchFromDebian(wanted, kept);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no apt-get or dpkg-deb'
        : message.trim().split('\n').slice(-1)[0];
    return { reason: `no ${title} on this machine, and none could be had: ${why ?? ''}` };
  } finally {
    lock?.release();
  }
}

export const findPgBouncer = () => find(PGBOUNCER);
export const findPromtool = () => find(PROMTOOL);
export const findHaproxy = () => find(HAPROXY);
