import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, sql, type Database } from '../product';

/**
 * How often ours are looked at, and the worker of the baseline `temporal` tells its steps, so that both
 * are seen equally late. Right where times of a few milliseconds are compared.
 */
export const SEEN_EVERY_MS = 5;

const BACKEND = sql('watcher_backend', 'select pg_backend_pid() as pid');
const REACHED = sql(
  'watcher_reached',
  `select asked.id, 'started' as step from unnest($1::text[]) as asked (id)
    where not exists (select from outbox where kind = 'start' and subject = asked.id)
   union all
   select id, 'confirmed' from reservations where id = any ($2) and status = 'confirmed'`,
);

type Step = 'started' | 'confirmed';

/**
 * Polls the database for the progress of reservations. Its one backend can be left out of a
 * measurement.
 */
export interface ReservationWatcher {
  backendPid: number;
  /** Resolves when the relay has started the actor of a reservation. */
  actorStarted(id: string): Promise<void>;
  /** Resolves when a reservation is confirmed. */
  confirmed(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function openReservationWatcher(
  databaseUrl: string,
  everyMs = SEEN_EVERY_MS,
): Promise<ReservationWatcher> {
  const db: Database = createDatabase({
    url: databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-bench-watcher',
    queryTimeoutMs: 60_000,
  });
  const [backend] = await db.rows<{ pid: number }>(BACKEND);
  const waiting: Record<Step, Map<string, () => void>> = {
    started: new Map(),
    confirmed: new Map(),
  };
  let closed = false;

  const poll = async (): Promise<void> => {
    while (!closed) {
      const { started, confirmed } = waiting;
      if (started.size + confirmed.size > 0) {
        const asked = [[...started.keys()], [...confirmed.keys()]];
        for (const { id, step } of await db.rows<{ id: string; step: Step }>(REACHED, asked)) {
          waiting[step].get(id)?.();
          waiting[step].delete(id);
        }
      }
      await delay(everyMs);
    }
  };
  const polling = poll();
  /** Rejects when the polling fails: what waits would never resolve. */
  const failed = polling.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);

  const until = (step: Step) => (id: string) =>
    Promise.race([failed, new Promise<void>((resolve) => waiting[step].set(id, resolve))]);
  return {
    backendPid: backend!.pid,
    actorStarted: until('started'),
    confirmed: until('confirmed'),
    async close() {
      closed = true;
      await polling.finally(() => db.close());
    },
  };
}
