import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Processor time of one process so far, in milliseconds; null when it has ended. */
function ownMs(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in parentheses and may itself hold some: count from behind the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return TICK_MS * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return null;
  }
}

/** Processor time of each process of the machine so far, kernel threads included, in milliseconds by id. */
export function allProcesses(): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const ms = ownMs(pid);
    if (ms !== null) found.set(pid, ms);
  }
  return found;
}

/** What all processes have used between two looks; those that ended meanwhile are lost. */
export function usedBetween(before: Map<string, number>, after: Map<string, number>): number {
  let sum = 0;
  for (const [pid, ms] of after) sum += ms - (before.get(pid) ?? 0);
  return sum;
}
