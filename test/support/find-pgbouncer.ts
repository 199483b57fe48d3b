import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const APT_LIMIT_MS = 120_000;

/** A pooler that was seen to run. */
export interface PgBouncerProgram {
  file: string;
  /** Where it finds the libraries that came with it; empty: the system's. */
  libraryPath: string;
  version: string;
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const limits = { timeout: APT_LIMIT_MS, stdio: 'pipe' } as const;
  return execFileSync(command, args, { encoding: 'utf8', ...limits, ...options });
}

/** @returns undefined when there is none, or it does not run here */
function seen(file: string, libraryPath = ''): PgBouncerProgram | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const version = /PgBouncer (\S+)/.exec(
      run(file, ['--version'], { env: { LD_LIBRARY_PATH: libraryPath } }),
    )?.[1];
    return version === undefined ? undefined : { file, libraryPath, version };
  } catch {
    return undefined;
  }
}

/** A package's files, unpacked: the program, and the libraries in a folder for the architecture. */
function unpacked(folder: string): PgBouncerProgram | undefined {
  const libraries = [join(folder, 'usr', 'lib'), join(folder, 'lib')]
    .filter((lib) => existsSync(lib))
    .flatMap((lib) => readdirSync(lib).map((architecture) => join(lib, architecture)));
  return seen(join(folder, 'usr', 'sbin', 'pgbouncer'), libraries.join(delimiter));
}

/** Downloads packages into `folder`, by the system's package lists, else by lists fetched for this alone. Needs no root. */
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

/** Debian's own package with the libraries that it names, but for libc, unpacked into our cache for later runs. */
function fetchFromDebian(kept: string): PgBouncerProgram {
  const aside = mkdtempSync(join(tmpdir(), 'holdfast-pgbouncer-'));
  try {
    const [program] = download(['pgbouncer'], aside);
    const depends = run('dpkg-deb', ['--field', program!, 'Depends']).split(/[,|]/);
    const libraries = depends
      .map((one) => one.trim().split(' ')[0]!)
      .filter((name) => /^lib(?!c6$)/.test(name));
    const root = `${kept}.${process.pid}`;
    mkdirSync(root, { recursive: true });
    for (const file of [program!, ...download(libraries, aside)])
      run('dpkg-deb', ['--extract', file, root]);
    // Into place at once: a copy that is there is whole.
    if (existsSync(kept)) rmSync(kept, { recursive: true });
    renameSync(root, kept);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  const found = unpacked(kept);
  if (!found) throw new Error(`Debian's PgBouncer in ${kept} does not run here`);
  return found;
}

/**
 * Finds a PgBouncer: the one that PGBOUNCER_PATH names, one on the PATH, the copy kept from an earlier run, or Debian's
 * package. Waits for it, since a test file must know at once whether it can run.
 * @returns the program, or why there is none
 */
export function findPgBouncer(
  env: NodeJS.ProcessEnv = process.env,
): PgBouncerProgram | { reason: string } {
  if (env.PGBOUNCER_PATH)
    return (
      seen(env.PGBOUNCER_PATH) ?? { reason: `${env.PGBOUNCER_PATH} is no PgBouncer that runs` }
    );
  const kept = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', 'pgbouncer');
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, '/usr/sbin']) {
    const found = seen(join(folder, 'pgbouncer'));
    if (found) return found;
  }
  try {
    return unpacked(kept) ?? fetchFromDebian(kept);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no apt-get or dpkg-deb'
        : message.trim().split('\n').slice(-1)[0];
    return { reason: `no PgBouncer on this machine, and none could be had: ${why ?? ''}` };
  }
}
