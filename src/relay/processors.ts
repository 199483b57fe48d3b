import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

const SAMPLE_MS = 100;
const CGROUP = '/sys/fs/cgroup';

/** The processors that this process may use, and how much of them is used. */
export interface Processors {
  /** How many; a container may have a part of one. */
  count: number;
  /** The share of them that is in use, 0 to 1. */
  busy(): number;
  stop(): void;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/**
 * How many processors the limit of a container allows.
 * @param cpuMax the text of `cpu.max`, "QUOTA PERIOD" or "max PERIOD"
 * @returns null where there is no limit
 */
export function limitOf(cpuMax: string | null): number | null {
  const [quota, period] = (cpuMax ?? '').trim().split(' ').map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : null;
}

interface Usage {
  /** Of all processors together, in one unit of time. */
  used: number;
  possible: number;
}

/** What all processors of the machine did since it started. */
const machineUsage = (): Usage =>
  cpus().reduce(
    (sum, { times: { user, nice, sys, irq, idle } }) => ({
      used: sum.used + user + nice + sys + irq,
      possible: sum.possible + user + nice + sys + irq + idle,
    }),
    { used: 0, possible: 0 },
  );

/** What the container used, of what its limit allows. */
function containerUsage(folder: string, limit: number): Usage {
  const used = /^usage_usec (\d+)$/m.exec(readText(`${folder}/cpu.stat`) ?? '')?.[1];
  return { used: Number(used ?? 0), possible: performance.now() * 1000 * limit };
}

/**
 * Watches the processors of the container where it has a limit (cgroup v2). Without a limit it watches
 * those of the machine, which other programs use too.
 * @param folder of the container's own control group
 */
export function watchProcessors(folder: string = CGROUP): Processors {
  const quota = limitOf(readText(`${folder}/cpu.max`));
  const limit = quota !== null && quota < availableParallelism() ? quota : null;
  const read = () => (limit === null ? machineUsage() : containerUsage(folder, limit));
  let before = read();
  let busy = 0;
  const timer = setInterval(() => {
    const now = read();
    const possible = now.possible - before.possible;
    if (possible > 0) busy = Math.min(1, (now.used - before.used) / possible);
    before = now;
  }, SAMPLE_MS);
  timer.unref();
  return {
    count: limit ?? availableParallelism(),
    busy: () => busy,
    stop: () => clearInterval(timer),
  };
}
