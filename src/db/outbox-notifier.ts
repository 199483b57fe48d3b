import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { sql, type Database } from './database';
import { OUTBOX_QUEUES, type OutboxQueue } from './outbox-kinds';

const CHANNEL = 'holdfast_outbox';
const RECONNECT_MS = 1000;
const NOTIFY_SPACING_MS = 15;
const NOTIFY = sql('outbox_notify', `select pg_notify('${CHANNEL}', $1)`);

/** Notifies the relays that a queue of the outbox has entries. */
export type Notify = (queue: OutboxQueue) => void;

/**
 * Notifies the relays, one channel for each queue, so that a burst of holds does not make them look
 * for payments. The notification is not part of the transaction that writes the entry, because
 * transactions that notify commit under one lock. At most one notification is sent for a queue in
 * 15 ms, so a burst costs no more than single requests. It goes out after the answer to the request
 * that asked for it, so that the relay's work does not delay the answer. If a notification is lost,
 * the relay finds the entry at its next poll, 200 ms later at most.
 */
export function createNotifier(db: Database): Notify {
  const queues = {
    commands: { resting: false, again: false },
    starts: { resting: false, again: false },
  };
  return function notify(queue) {
    const state = queues[queue];
    if (state.resting) {
      state.again = true;
      return;
    }
    state.resting = true;
    setImmediate(() => void db.run(NOTIFY, [queue]).catch(() => undefined));
    setTimeout(() => {
      state.resting = false;
      if (!state.again) return;
      state.again = false;
      notify(queue);
    }, NOTIFY_SPACING_MS).unref();
  };
}

/**
 * A notification of a queue ends one wait for it. One that arrives while nothing waits ends the next
 * wait at once.
 */
interface Latch {
  /** Resolves at the next notification, with true, or after `maxMs`, with false. */
  wait(maxMs: number): Promise<boolean>;
  open(): void;
  /** Ends all waits. */
  openForAll(): void;
}

function createLatch(stopped: AbortSignal): Latch {
  let isOpen = false;
  const waiters = new Set<(opened: boolean) => void>();
  const open = () => {
    const [first] = waiters;
    if (first) first(true);
    else isOpen = true;
  };
  return {
    wait(maxMs) {
      if (isOpen || stopped.aborted) {
        const wasOpened = isOpen;
        isOpen = false;
        return Promise.resolve(wasOpened);
      }
      return new Promise((resolve) => {
        const end = (opened: boolean) => {
          clearTimeout(timer);
          waiters.delete(end);
          resolve(opened);
        };
        const timer = setTimeout(end, maxMs, false);
        waiters.add(end);
      });
    },
    open,
    openForAll() {
      do open();
      while (waiters.size > 0);
    },
  };
}

export interface OutboxListener {
  latches: Record<OutboxQueue, Pick<Latch, 'wait'>>;
  /** Opens with each notification: whatever has entries has a history too. */
  anything: Pick<Latch, 'wait'>;
  closed: Promise<void>;
}

/**
 * Listens for notifications on a connection of its own, which is opened again when it breaks.
 * @param databaseUrl undefined behind a pooler in transaction mode, where LISTEN does not work:
 * then the latches open by time alone
 */
export function listenForEntries(
  databaseUrl: string | undefined,
  stopped: AbortSignal,
): OutboxListener {
  const latches = { commands: createLatch(stopped), starts: createLatch(stopped) };
  const anything = createLatch(stopped);
  const openAll = () => {
    OUTBOX_QUEUES.forEach((queue) => latches[queue].openForAll());
    anything.openForAll();
  };
  stopped.addEventListener('abort', openAll, { once: true });

  async function listen(): Promise<void> {
    while (databaseUrl !== undefined && !stopped.aborted) {
      const client = new Client({
        connectionString: databaseUrl,
        keepAlive: true,
        connectionTimeoutMillis: 3000,
      });
      const ended = new Promise<void>((resolve) => {
        client.on('error', () => resolve());
        client.on('end', () => resolve());
        stopped.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        client.on('notification', ({ payload }) => {
          OUTBOX_QUEUES.filter((queue) => queue === payload).forEach((queue) =>
            latches[queue].open(),
          );
          anything.open();
        });
        await client.connect();
        await client.query(`listen ${CHANNEL}`);
        await ended;
      } catch {
        // Without notifications the relay still polls the outbox.
      }
      await Promise.race([client.end().catch(() => undefined), delay(RECONNECT_MS)]);
      await delay(RECONNECT_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
  }

  return { latches, anything, closed: listen() };
}
