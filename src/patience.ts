import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger';

const TRY_AGAIN_MS = 1000;
const SAY_SO_EVERY = 30;

/**
 * Tries until a service is there, for a process that starts before it. It says in the log why it
 * waits, at first and every half minute.
 * @param isAway whether an error means that the service is not there yet
 * @returns undefined when the process was told to stop first
 * @throws any other error of `connect`
 */
export async function whenThere<Result>(
  service: string,
  connect: () => Promise<Result>,
  isAway: (error: unknown) => boolean,
  { log, stopped }: { log: Logger; stopped: AbortSignal },
): Promise<Result | undefined> {
  for (let attempt = 0; !stopped.aborted; attempt++) {
    try {
      return await connect();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (attempt % SAY_SO_EVERY === 0)
        log.warn(`${service} is not there yet, trying again: ${(error as Error).message}`);
      await delay(TRY_AGAIN_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
  }
  return undefined;
}
