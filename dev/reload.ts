import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, PROJECT } from './steps';
import type { Stack } from './stack';
import { watchFolder, type Watch } from './watch';

const SOURCES = join(PROJECT, 'src');

/** Restarts the API and the workers, which load their program again; the services keep running. */
async function restartProcesses(stack: Stack, signal: AbortSignal): Promise<void> {
  const names = ['api', ...stack.pids().workers.map((_, index) => `worker-${index + 1}`)];
  const restarting = names.map(async (name) => {
    const part = stack.part(name);
    await part?.stop();
    signal.throwIfAborted();
    await part?.start(signal);
  });
  await Promise.allSettled(restarting);
  await Promise.all(restarting);
}

/**
 * Builds, and restarts API and workers, after each change below src/. A failed build is reported,
 * and everything keeps running as before.
 * @param signal cancels a restart in progress
 * @returns undefined when there are no sources, as in an image
 */
export function reloadOnChange(
  stack: Stack,
  options: { signal: AbortSignal; progress: (line: string) => void },
): Watch | undefined {
  const { signal, progress } = options;
  if (!existsSync(SOURCES)) return undefined;
  const apply = async (changed: string): Promise<void> => {
    const started = Date.now();
    const file = join('src', changed);
    const isNew = await ensureBuilt({ home: stack.services.home, env: process.env, signal }).catch(
      (error: unknown) => {
        throw new Error(
          `${file} has changed, but the build failed; everything runs on as it was\n${String(error)}`,
        );
      },
    );
    if (!isNew) return;
    await restartProcesses(stack, signal);
    progress(
      `${file} has changed: API and workers run the new build after ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
  };
  return watchFolder(SOURCES, apply, (error) => {
    if (!signal.aborted) progress(error.message);
  });
}
