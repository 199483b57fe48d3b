import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processStart } from './processes';

/** Held until `release()`, or until its process ends. */
export interface Lock {
  release(): void;
}

interface Owner {
  pid: number;
  start: string;
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

const isAlive = (owner: Owner | undefined): boolean =>
  owner !== undefined && processStart(owner.pid) === owner.start;

/** Creates the lock file with its content in one step; false when it exists. */
function claim(file: string, owner: Owner): boolean {
  const aside = `${file}.${process.pid}.new`;
  writeFileSync(aside, JSON.stringify(owner));
  try {
    linkSync(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Moves the lock of a dead owner aside. If two processes try at once, one may have moved a fresh
 * lock; it is put back.
 */
function discard(file: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readOwner(aside);
  if (moved !== undefined && isAlive(moved)) claim(file, moved);
  rmSync(aside, { force: true });
}

function held(file: string): Lock {
  let released = false;
  return {
    release: () => {
      // A second call must not remove a lock that another process has taken meanwhile.
      if (!released) rmSync(file, { force: true });
      released = true;
    },
  };
}

/**
 * Takes a lock file for this process. The lock of a killed owner is taken over.
 * @returns the lock, or the pid of the living process that holds it
 */
export function tryLock(file: string): Lock | { heldBy: number } {
  mkdirSync(dirname(file), { recursive: true });
  const me: Owner = { pid: process.pid, start: processStart(process.pid) ?? '' };
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (claim(file, me)) return held(file);
    const owner = readOwner(file);
    if (owner !== undefined && isAlive(owner)) return { heldBy: owner.pid };
    discard(file);
  }
  throw new Error(`the lock ${file} cannot be taken; if no other run uses it, remove it`);
}
