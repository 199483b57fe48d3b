import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack';
import { killGroup } from './supervisor';
import { isTemporalReady } from './temporal';

const ANSWERS_WITHIN_MS = 4_000;
/** Looks without an answer until a process is ended that stands still, as one that was stopped does. */
const LOOKS_AT_STANDING = 3;
/**
 * The same of one that runs or waits for a processor. On a busy machine it is late, and its end would add to the work:
 * its start costs more than its answers, and what it had begun is begun again.
 */
const LOOKS_AT_RUNNING = 12;

/** Nanoseconds for which the threads of a process ran or waited for a processor; null where the system does not say. */
async function runNs(pid: number): Promise<bigint | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = await Promise.all(
      threads.map((thread) =>
        readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => ''),
      ),
    );
    // A thread that has ended has none; where no thread has, the kernel does not count.
    if (stats.every((stat) => stat === '')) return null;
    return stats.flatMap((stat) => stat.split(' ', 2)).reduce((sum, ns) => sum + BigInt(ns), 0n);
  } catch {
    return null;
  }
}

/** Of one part: its process that answered last, the looks without an answer since, and `runNs` at the last of them. */
interface Seen {
  pid: number;
  failures: number;
  ranNs: bigint | null;
}

async function answers(url: string, withinMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Ends a process that runs and does not answer any more, several times in a row, so that it is started again: soon when
 * it stands still, late when it runs. One that has not answered yet is starting. Temporal is among them: on a machine
 * that is too slow its SQLite may stay "interrupted (9)" for good after a statement was cancelled
 * (https://github.com/temporalio/temporal/pull/9198).
 */
export async function endHungParts(
  stack: Stack,
  options: {
    signal: AbortSignal;
    progress: (line: string) => void;
    everyMs?: number;
    withinMs?: number;
  },
): Promise<void> {
  const { signal, progress, everyMs = 5_000, withinMs = ANSWERS_WITHIN_MS } = options;
  const watch = async (name: string, isWell: () => Promise<boolean>): Promise<void> => {
    let seen: Seen = { pid: 0, failures: 0, ranNs: null };
    while (!signal.aborted) {
      const pid = stack.part(name)?.pid ?? 0;
      if (await isWell()) seen = { pid, failures: 0, ranNs: null };
      else if (seen.pid === pid && pid !== 0) {
        const ranNs = await runNs(pid);
        const stands = ranNs !== null && ranNs === seen.ranNs;
        seen = { pid, failures: seen.failures + 1, ranNs };
        if (seen.failures >= (stands ? LOOKS_AT_STANDING : LOOKS_AT_RUNNING)) {
          progress(`${name} does not answer any more (process ${pid}) and is ended`);
          killGroup(pid);
          seen.pid = 0;
        }
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const watchUrl = (name: string, url: string) => watch(name, () => answers(url, withinMs));
  const { apiUrl, temporalAddress, temporalNamespace } = stack.info();
  await Promise.all([
    watchUrl('api', `${apiUrl}/livez`),
    ...stack.workerMetricsUrls.map((url, index) =>
      watchUrl(`worker-${index + 1}`, url.replace(/metrics$/, 'livez')),
    ),
    watch('temporal', () => isTemporalReady(temporalAddress, temporalNamespace)),
  ]);
}
