import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Sets the priority of a process, as `nice` does. Linux may group processes by session (autogroup);
 * then `nice` only compares processes of one session, so a process that leads a session gets the
 * priority for its whole group. Failures are ignored: the system works without priorities.
 */
export function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // The process has ended, the change is not permitted, or the system has no such groups.
  }
}
