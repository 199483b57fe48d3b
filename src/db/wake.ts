import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { sql, type Database } from './database';
import type { OutboxLane } from './outbox';

const CHANNEL = 'holdfast_outbox';
const RECONNECT_MS = 1000;
const NOTIFY_SPACING_MS = 15;
const NOTIFY = sql('wake_notify', `select pg_notify('${CHANNEL}', $1)`);

/**
 * Tells the relays that a lane has work, so that a burst of holds does not make them look for payments. Sent apart from
 * the work's own transaction, because a transaction that notifies commits under one lock with all others that do; and at
 * most once a lane in 15 ms, so that a burst costs no more than a trickle. A lost one costs the relay's next look, 200 ms
 * later at most.
 */
export function createWaker(db: Database): (lane: OutboxLane) => void {
  const lanes = { commands: { resting: false, again: false }, starts: { resting: false, again: false } };
  return function wake(lane: OutboxLane): void {
    const state = lanes[lane];
    if (state.resting) {
      state.again = true;
      return;
    }
    state.resting = true;
    void db.rows(NOTIFY, [lane]).catch(() => undefined);
    setTimeout(() => {
      state.resting = false;
      if (!state.again) return;
      state.again = false;
      wake(lane);
    }, NOTIFY_SPACING_MS).unref();
  };
}

/** Rings for one lane; a ring that comes while nobody waits is kept for the next wait. */
interface Bell {
  /** Resolves when somebody rings, or after `maxMs`. */
  next(maxMs: number): Promise<void>;
}

export interface Wake {
  bell(lane: OutboxLane): Bell;
  closed: Promise<void>;
}

/**
 * Listens on a connection of its own, made again when it breaks.
 * @param databaseUrl undefined behind a pooler in transaction mode, which would leave the LISTEN on a connection that it
 *   hands to others: then only time wakes
 */
export function listenForWork(databaseUrl: string | undefined, stopped: AbortSignal): Wake {
  const bells: { lane: OutboxLane; ring: () => void }[] = [];
  const ringAll = () => bells.forEach(({ ring }) => ring());
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
        client.on('notification', ({ payload }) => {
          for (const { lane, ring } of bells) if (lane === payload) ring();
        });
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

  function bell(lane: OutboxLane): Bell {
    let rung = false;
    let answer: (() => void) | undefined;
    const ring = (): void => {
      rung = true;
      answer?.();
    };
    bells.push({ lane, ring });
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
