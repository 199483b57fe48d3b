import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, sql, type Database } from '../product';

const POLL_MS = 20;

const BACKEND = sql('watcher_backend', 'select pg_backend_pid() as pid');
const NOT_STARTED = sql(
  'watcher_not_started',
  `select subject from outbox where kind = 'start' and subject = any ($1)`,
);
const CONFIRMED = sql(
  'watcher_confirmed',
  `select id from reservations where id = any ($1) and status = 'confirmed'`,
);

/** Polls the database for the progress of reservations. Its one backend can be left out of a measurement. */
export interface ReservationWatcher {
  backendPid: number;
  /** Resolves when the relay has started the actor of a reservation. */
  actorStarted(id: string): Promise<void>;
  /** Resolves when a reservation is confirmed. */
  confirmed(id: string): Promise<void>;
  close(): Promise<void>;
}

type Waiting = Map<string, () => void>;

function release(waiting: Waiting, ids: readonly string[]): void {
  for (const id of ids) {
    waiting.get(id)?.();
    waiting.delete(id);
  }
}

export async function openReservationWatcher(databaseUrl: string): Promise<ReservationWatcher> {
  const db: Database = createDatabase({
    url: databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-bench-watcher',
    queryTimeoutMs: 60_000,
  });
  const [backend] = await db.rows<{ pid: number }>(BACKEND);
  const notStarted: Waiting = new Map();
  const notConfirmed: Waiting = new Map();
  let closed = false;

  const poll = async (): Promise<void> => {
    while (!closed) {
      const asked = [...notStarted.keys()];
      if (asked.length > 0) {
        const rows = await db.rows<{ subject: string }>(NOT_STARTED, [asked]);
        const still = new Set(rows.map(({ subject }) => subject));
        release(
          notStarted,
          asked.filter((id) => !still.has(id)),
        );
      }
      if (notConfirmed.size > 0) {
        const rows = await db.rows<{ id: string }>(CONFIRMED, [[...notConfirmed.keys()]]);
        release(
          notConfirmed,
          rows.map(({ id }) => id),
        );
      }
      await delay(POLL_MS);
    }
  };
  const polling = poll();
  // The waiting promises would never resolve; `close` reports the error.
  polling.catch(() => undefined);

  const await_ = (waiting: Waiting) => (id: string) =>
    new Promise<void>((resolve) => waiting.set(id, resolve));
  return {
    backendPid: backend!.pid,
    actorStarted: await_(notStarted),
    confirmed: await_(notConfirmed),
    async close() {
      closed = true;
      await polling.finally(() => db.close());
    },
  };
}
