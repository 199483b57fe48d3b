import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { sql, type Database } from './database';

const CHANNEL = 'holdfast_outbox';
const RECONNECT_MS = 1000;
const NOTIFY_SPACING_MS = 15;
const NOTIFY = sql('wake_notify', `select pg_notify('${CHANNEL}', '')`);

/**
 * Tells the relays that there is work. Sent apart from the work's own transaction, because a transaction that notifies
 * commits under one lock with all others that do; and at most once in 15 ms, so that a burst costs no more than a
 * trickle. A lost one costs the relay's next look, 200 ms later at most.
 */
export function createWaker(db: Database): () => void {
  let resting = false;
  let again = false;
  return function wake(): void {
    if (resting) {
      again = true;
      return;
    }
    resting = true;
    void db.rows(NOTIFY).catch(() => undefined);
    setTimeout(() => {
      resting = false;
      if (!again) return;
      again = false;
      wake();
    }, NOTIFY_SPACING_MS).unref();
  };
}

/** Rings for one listener; a ring that comes while nobody waits is kept for the next wait. */
interface Bell {
  /** Resolves when somebody rings, or after `maxMs`. */
  next(maxMs: number): Promise<void>;
}

export interface Wake {
  bell(): Bell;
  closed: Promise<void>;
}

/**
 * Listens on a connection of its own, made again when it breaks.
 * @param databaseUrl undefined behind a pooler in transaction mode, which would leave the LISTEN on a connection that it
 *   hands to others: then only time wakes
 */
export function listenForWork(databaseUrl: string | undefined, stopped: AbortSignal): Wake {
  const bells = new Set<() => void>();
  const ringAll = () => bells.forEach((ring) => ring());
  stopped.addEventListener('abort', ringAll, { once: true });

  async function listen(): Promise<void> {
    while (databaseUrl !== undefined && !stopped.aborted) {
      const client = new Client({ connectionString: databaseUrl, keepAlive: true, connectionTimeoutMillis: 3000 });
      const ended = new Promise<void>((resolve) => {
        client.on('error', () => resolve());
        client.on('end', () => resolve());
        stopped.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        client.on('notification', ringAll);
        await client.connect();
        await client.query(`listen ${CHANNEL}`);
        await ended;
      } catch {
        // The outbox is looked at every now and then all the same.
      }
      await Promise.race([client.end().catch(() => undefined), delay(RECONNECT_MS)]);
      await delay(RECONNECT_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
  }

  function bell(): Bell {
    let rung = false;
    let answer: (() => void) | undefined;
    bells.add(() => {
      rung = true;
      answer?.();
    });
    return {
      async next(maxMs) {
        if (!rung && !stopped.aborted) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, maxMs);
            answer = () => {
              clearTimeout(timer);
              resolve();
            };
          });
          answer = undefined;
        }
        rung = false;
      },
    };
  }

  return { bell, closed: listen() };
}
