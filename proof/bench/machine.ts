import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** The machine that the figures of a run depend on. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  kernel: string;
  node: string;
}

export interface Commit {
  id: string;
  /** Whether anything differed from that commit. */
  dirty: boolean;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

/** "xeon-2": the model in short, as far as it has a name, and the number of cores. */
export function shortName({ cpu, cores }: Machine): string {
  const words = cpu
    .replace(/\((R|TM)\)|CPU|Processor|@.*|\d+-Core/gi, ' ')
    .toLowerCase()
    .match(/[a-z0-9-]+/g);
  return [...(words ?? ['unknown']), cores].join('-');
}

/** @returns null where the sources are not under Git */
export function describeCommit(folder: string): Commit | null {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return {
      id: git('rev-parse', '--short=10', 'HEAD'),
      dirty: git('status', '--porcelain') !== '',
    };
  } catch {
    return null;
  }
}

const QUIET_CORES = 0.2;
const QUIET_FOR_MS = 2_000;
const SAMPLE_MS = 500;

function cpuTimes(): { busy: number; all: number } {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy: all - idle, all };
}

/** Processor time of the whole machine since its start, in milliseconds. */
export const machineBusyMs = (): number => cpuTimes().busy;

/** How many cores were busy on average over a while. */
async function busyCores(ms: number): Promise<number> {
  const before = cpuTimes();
  await delay(ms);
  const now = cpuTimes();
  return (cpus().length * (now.busy - before.busy)) / Math.max(1, now.all - before.all);
}

/**
 * Waits until less than 0.2 of a core was busy for two seconds.
 * @returns how many cores were still busy when it gave up; 0 when it is quiet
 */
export async function waitUntilQuiet(timeoutMs: number): Promise<number> {
  const giveUpAt = Date.now() + timeoutMs;
  for (let quietMs = 0; ;) {
    const busy = await busyCores(SAMPLE_MS);
    quietMs = busy < QUIET_CORES ? quietMs + SAMPLE_MS : 0;
    if (quietMs >= QUIET_FOR_MS) return 0;
    if (Date.now() > giveUpAt) return busy;
  }
}

/** A fixed amount of hashing: about 200 ms on a core of the 2020s. It takes longer when other processes use the core. */
const CALIBRATION = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const block = Buffer.alloc(1 << 20);
const calibrate = () => {
  const started = performance.now();
  for (let round = 0; round < 300; round++) createHash('sha256').update(block).digest();
  return performance.now() - started;
};
parentPort.postMessage(calibrate());
`;

/** Runs the same fixed computation on every core. @returns how long each took, in milliseconds */
export async function calibrateCpu(): Promise<number[]> {
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(CALIBRATION, { eval: true });
      worker.once('message', (ms: number) => resolve(ms)).once('error', reject);
    });
  return Promise.all(cpus().map(one));
}
