import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack';
import { killGroup } from './supervisor';

const ANSWERS_WITHIN_MS = 2_000;
const FAILURES = 3;

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
 * Ends a process of ours that runs and does not answer any more, three times in a row, so that it is
 * started again. One that has not answered yet is starting.
 */
export async function endHungParts(
  stack: Stack,
  options: { signal: AbortSignal; progress: (line: string) => void; everyMs?: number },
): Promise<void> {
  const { signal, progress, everyMs = 5_000 } = options;
  const watch = async (name: string, url: string): Promise<void> => {
    let seen = { pid: 0, failures: 0 };
    while (!signal.aborted) {
      const pid = stack.part(name)?.pid ?? 0;
      if (await answers(url)) seen = { pid, failures: 0 };
      else if (seen.pid === pid && pid !== 0 && ++seen.failures === FAILURES) {
        progress(`${name} does not answer any more (process ${pid}) and is ended`);
        killGroup(pid);
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all([
    watch('api', `${stack.info().apiUrl}/livez`),
    ...stack.workerMetricsUrls.map((url, index) =>
      watch(`worker-${index + 1}`, url.replace(/metrics$/, 'livez')),
    ),
  ]);
}
