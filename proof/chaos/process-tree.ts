import { readdirSync, readFileSync } from 'node:fs';

/** The children of a process, on Linux; elsewhere none, and faults that need them are skipped. */
export function childrenOf(parent: number): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.filter((name) => parentOf(name) === parent).map(Number);
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in parentheses and may itself hold some: count from behind the last one.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // Gone meanwhile.
  }
}
