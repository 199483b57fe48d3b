import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The unit of processor time in /proc: USER_HZ, a hundredth of a second. */
const TICK_MS = 10;

/** Reads a file below /proc; empty when the process has ended. */
export function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The living children of a process, whichever of its threads has started them. */
export function childrenOf(pid: number): number[] {
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // Ended meanwhile.
  }
  return threads.flatMap((thread) => {
    const text = readProc(`/proc/${pid}/task/${thread}/children`).trim();
    return text === '' ? [] : text.split(/\s+/).map(Number);
  });
}

/**
 * Processor time of a process and its children, ended ones included, since their start, in milliseconds.
 * @param without children that are not counted; they must live until the end of the measurement
 */
export function cpuMsOf(pid: number, without: readonly number[] = []): number {
  const stat = readProc(`/proc/${pid}/stat`);
  // The command is in parentheses and may contain some: the fields start after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  const children = childrenOf(pid).filter((child) => !without.includes(child));
  return children.reduce((sum, child) => sum + cpuMsOf(child), TICK_MS * ticks);
}

/** Starts to count the processor time of some processes. @returns a function that tells what each has used since, in ms */
export function startCpuMeter<Name extends string>(
  pids: Record<Name, number>,
  without: readonly number[] = [],
): () => Record<Name, number> {
  const names = Object.keys(pids) as Name[];
  const measure = () =>
    Object.fromEntries(names.map((name) => [name, cpuMsOf(pids[name], without)])) as Record<
      Name,
      number
    >;
  const before = measure();
  return () => {
    const now = measure();
    return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as Record<
      Name,
      number
    >;
  };
}

const IDLE_SHARE = 0.15;
const IDLE_SAMPLE_MS = 200;
const IDLE_SAMPLES = 3;

/** Waits until some processes together are idle. @throws Error when they are not within half a minute */
export async function untilIdle(pids: readonly number[]): Promise<void> {
  const used = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const giveUpAt = Date.now() + 30_000;
  for (let idle = 0; idle < IDLE_SAMPLES;) {
    if (Date.now() > giveUpAt) throw new Error('the measured processes do not become idle');
    const before = used();
    await delay(IDLE_SAMPLE_MS);
    idle = used() - before <= IDLE_SHARE * IDLE_SAMPLE_MS ? idle + 1 : 0;
  }
}
