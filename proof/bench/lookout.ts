import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, sql, type Database } from '../product';

const LOOK_EVERY_MS = 20;

const BACKEND = sql('lookout_backend', 'select pg_backend_pid() as pid');
const WAITING = sql('lookout_waiting', `select subject from outbox where kind = 'start' and subject = any ($1)`);
const CONFIRMED = sql('lookout_confirmed', `select id from reservations where id = any ($1) and status = 'confirmed'`);

/** Sees in the database what becomes of reservations; its one connection can be left out of what is measured. */
export interface Lookout {
  backendPid: number;
  /** Temporal was told of the reservation. */
  told(id: string): Promise<void>;
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

export async function openLookout(databaseUrl: string): Promise<Lookout> {
  const db: Database = createDatabase({
    url: databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-bench-lookout',
    queryTimeoutMs: 60_000,
  });
  const [backend] = await db.rows<{ pid: number }>(BACKEND);
  const untold: Waiting = new Map();
  const unconfirmed: Waiting = new Map();
  let closed = false;

  const look = async (): Promise<void> => {
    while (!closed) {
      const asked = [...untold.keys()];
      if (asked.length > 0) {
        const rows = await db.rows<{ subject: string }>(WAITING, [asked]);
        const still = new Set(rows.map(({ subject }) => subject));
        release(
          untold,
          asked.filter((id) => !still.has(id)),
        );
      }
      if (unconfirmed.size > 0) {
        const rows = await db.rows<{ id: string }>(CONFIRMED, [[...unconfirmed.keys()]]);
        release(
          unconfirmed,
          rows.map(({ id }) => id),
        );
      }
      await delay(LOOK_EVERY_MS);
    }
  };
  const looking = look();
  // Who waits would wait for ever; it is reported when the lookout is closed.
  looking.catch(() => undefined);

  const await_ = (waiting: Waiting) => (id: string) => new Promise<void>((resolve) => waiting.set(id, resolve));
  return {
    backendPid: backend!.pid,
    told: await_(untold),
    confirmed: await_(unconfirmed),
    async close() {
      closed = true;
      await looking.finally(() => db.close());
    },
  };
}
