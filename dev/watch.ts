import { watch } from 'node:fs';

const QUIET_MS = 300;

export interface Watch {
  /** Ends the watch after the work for the last change is done. Safe to repeat. */
  close(): Promise<void>;
}

/**
 * Calls `apply` with the path of a changed file, relative to the folder, once the folder has been
 * quiet for a moment. A change during `apply` causes one more call afterwards. Errors of `apply`
 * are passed to `onError`.
 */
export function watchFolder(
  folder: string,
  apply: (changed: string) => Promise<void>,
  onError: (error: Error) => void,
): Watch {
  let timer: NodeJS.Timeout | undefined;
  let pending: string | undefined;
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    while (pending !== undefined) {
      const changed = pending;
      pending = undefined;
      await apply(changed).catch(onError);
    }
    working = undefined;
  };
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      pending = name ?? '';
      working ??= work();
    }, QUIET_MS);
  });
  watcher.on('error', onError);
  return {
    close: async () => {
      watcher.close();
      clearTimeout(timer);
      pending = undefined;
      await working;
    },
  };
}
