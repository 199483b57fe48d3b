import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time for programs in hundredths of a second, whatever its own clock ticks. */
const TICK_MS = 10;

/** Processor time of each thread of a process so far, in milliseconds, by the thread's id. */
export function threadsOf(pid: number): Map<string, number> {
  const folder = `/proc/${pid}/task`;
  return new Map(readdirSync(folder).map((thread) => [thread, threadMs(`${folder}/${thread}`)]));
}

function threadMs(folder: string): number {
  try {
    const text = readFileSync(`${folder}/stat`, 'utf8');
    // The name stands in parentheses and may itself hold some: count from behind the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0; // Ended meanwhile.
  }
}
