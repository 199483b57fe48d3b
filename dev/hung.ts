import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack';
import { killGroup } from './supervisor';
import { isTemporalReady } from './temporal';

const ANSWERS_WITHIN_MS = 2_000;
const FAILURES = 3;
/** Of Temporal: its store is slow to answer on a busy machine. */
const TEMPORAL_FAILURES = 8;

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Ends a process that runs and does not answer any more, several times in a row, so that it is started again. One that
 * has not answered yet is starting. Temporal is among them: on a machine that is too slow its SQLite may stay
 * "interrupted (9)" for good after a statement was cancelled (https://github.com/temporalio/temporal/pull/9198).
 */
export async function endHungParts(
  stack: Stack,
  options: { signal: AbortSignal; progress: (line: string) => void; everyMs?: number },
): Promise<void> {
  const { signal, progress, everyMs = 5_000 } = options;
  const watch = async (
    name: string,
    isWell: () => Promise<boolean>,
    patience: number,
  ): Promise<void> => {
    let seen = { pid: 0, failures: 0 };
    while (!signal.aborted) {
      const pid = stack.part(name)?.pid ?? 0;
      if (await isWell()) seen = { pid, failures: 0 };
      else if (seen.pid === pid && pid !== 0 && ++seen.failures === patience) {
        progress(`${name} does not answer any more (process ${pid}) and is ended`);
        killGroup(pid);
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const watchUrl = (name: string, url: string) => watch(name, () => answers(url), FAILURES);
  const { apiUrl, temporalAddress, temporalNamespace } = stack.info();
  await Promise.all([
    watchUrl('api', `${apiUrl}/livez`),
    ...stack.workerMetricsUrls.map((url, index) =>
      watchUrl(`worker-${index + 1}`, url.replace(/metrics$/, 'livez')),
    ),
    watch('temporal', () => isTemporalReady(temporalAddress, temporalNamespace), TEMPORAL_FAILURES),
  ]);
}
