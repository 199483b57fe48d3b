import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One step of ending a process: a signal, and how long to wait before the next step. */
export interface StopStep {
  signal: NodeJS.Signals;
  limitMs: number;
}

/**
 * A process of an earlier run, with its start, which distinguishes it from another process with the
 * same pid.
 */
interface ProcessRecord {
  name: string;
  pid: number;
  start: string;
  stop: readonly StopStep[];
}

const bootId = readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * A value that distinguishes this process from another one with the same pid: boot and start tick
 * on Linux, the start time elsewhere.
 * @returns null when no such process lives; a zombie does not count
 */
export function processStart(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (existsSync('/proc/self/stat')) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // The command is in parentheses and may contain spaces and parentheses: the fields start after
    // the last one.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields?.[0] === undefined || fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${bootId}:${fields[19] ?? ''}`;
  }
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return text === '' || text.startsWith('Z') ? null : text.replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}

/** Sends a signal; it is no error when the process has ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Ends a process that need not be a child of this one, gently first. Returns when the process has
 * ended.
 */
export async function endProcess(
  pid: number,
  start: string,
  steps: readonly StopStep[],
): Promise<void> {
  for (const { signal, limitMs } of [...steps, { signal: 'SIGKILL', limitMs: 10_000 } as const]) {
    if (processStart(pid) !== start) return;
    sendSignal(pid, signal);
    // A stopped process receives no signal but SIGKILL until it is continued.
    sendSignal(pid, 'SIGCONT');
    const until = Date.now() + limitMs;
    while (Date.now() < until) {
      if (processStart(pid) !== start) return;
      await sleep(25);
    }
  }
  throw new Error(`process ${pid} cannot be ended`);
}

/**
 * The processes that run a program of one of these names with a working directory inside a folder.
 * Linux only: empty elsewhere, where only the records of the earlier run are used.
 */
export function processesIn(
  folder: string,
  programs: readonly string[],
): { pid: number; start: string }[] {
  if (!existsSync('/proc/self/cwd')) return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const program = basename(readlinkSync(`/proc/${name}/exe`).replace(/ \(deleted\)$/, ''));
      if (!programs.includes(program) || readlinkSync(`/proc/${name}/cwd`) !== folder) return [];
    } catch {
      return []; // The process has ended, or belongs to another user.
    }
    const start = processStart(Number(name));
    return start === null ? [] : [{ pid: Number(name), start }];
  });
}

/** Writes a file atomically, readable by its owner only. */
export function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}.tmp`;
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, file);
}

/**
 * Records a started process under `folder`, so that a later run can end it if this one is killed.
 */
export function recordProcess(
  folder: string,
  name: string,
  pid: number,
  stop: readonly StopStep[],
): void {
  const start = processStart(pid);
  if (start === null) return;
  const record: ProcessRecord = { name, pid, start, stop };
  writeAtomically(join(folder, `${name}.json`), JSON.stringify(record));
}

/** Removes the record of a process that has ended. */
export function forgetProcess(folder: string, name: string): void {
  rmSync(join(folder, `${name}.json`), { force: true });
}

/**
 * Ends processes left behind by an earlier run that was killed: first the processes that use the
 * services, then the services.
 * @returns the names of the processes that were ended
 */
export async function endOrphans(
  folder: string,
  servicesLast: readonly string[],
): Promise<string[]> {
  const records = readRecords(folder);
  const ended: string[] = [];
  const end = async (group: ProcessRecord[]): Promise<void> => {
    await Promise.all(
      group.map(async ({ name, pid, start, stop }) => {
        if (processStart(pid) === start) {
          await endProcess(pid, start, stop);
          ended.push(name);
        }
        forgetProcess(folder, name);
      }),
    );
  };
  await end(records.filter(({ name }) => !servicesLast.includes(name)));
  await end(records.filter(({ name }) => servicesLast.includes(name)));
  return ended;
}

function readRecords(folder: string): ProcessRecord[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      try {
        return [JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProcessRecord];
      } catch {
        return []; // The record is incomplete because the machine crashed; its process has ended too.
      }
    });
}
