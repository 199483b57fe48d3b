import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Milliseconds of all cores that somebody has used so far; also those that another guest of the host has taken. */
export function machineBusyMs(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return TICK_MS * (user! + nice! + system! + irq! + softirq! + steal!);
}
