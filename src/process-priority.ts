import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Gives a process its place in the queue for the processors, as `nice` does. Where Linux groups processes by session
 * (autogroup), `nice` only counts among those of one session, so a process that leads a session takes its whole group
 * with it. Only a wish: the system may run without priorities.
 */
export function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // It has ended already, or may not be told so here; or the system has no such groups.
  }
}
