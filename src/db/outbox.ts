import { sql, type Database, type Queryable } from './database';
import { kindsOf, type OutboxKind, type OutboxQueue } from './outbox-kinds';

export interface OutboxEntry {
  id: number;
  kind: OutboxKind;
  /** The id of a reservation; for a refund, the reference of the payment. */
  subject: string;
  sequence: number | null;
  attempts: number;
  /** The input and the summary of a workflow to start; null for other kinds. */
  start: {
    event: string;
    eventName: string;
    seats: string[];
    startsAt: string;
    timeZone: string;
    expiresAt: string;
  } | null;
}

const isDue = (queue: OutboxQueue): string =>
  `kind in (${kindsOf(queue)}) and not_before <= clock_timestamp()`;

/**
 * Claims the due entries of a queue. Rows that another relay has locked are skipped; if a relay
 * dies, its locks end with its connection.
 */
const claim = (queue: OutboxQueue) =>
  sql<OutboxEntry>(
    `outbox_claim_${queue}`,
    `with claimed as (
       select id, kind, subject, sequence, attempts from outbox where ${isDue(queue)}
        order by id limit $1 for update skip locked)
     select c.*, case when c.kind in ('start', 'ring') then
         (select jsonb_build_object('event', e.slug, 'eventName', e.name, 'startsAt', rfc3339(e.starts_at), 'timeZone', e.time_zone,
            'expiresAt', rfc3339(r.hold_ends_at),
            'seats', (select jsonb_agg(s.label order by s.id) from allocations a join seats s on s.id = a.seat_id
                       where a.reservation_id = r.id and a.until_revision is null))
           from reservations r join events e on e.id = r.event_id where r.id = c.subject) end as start
       from claimed c order by c.id`,
  );
const CLAIMS = { commands: claim('commands'), starts: claim('starts') };
const DONE = sql('outbox_done', 'delete from outbox where id = any ($1)');
const LATER = sql(
  'outbox_later',
  // The pause doubles with each attempt, up to a minute.
  `update outbox set attempts = attempts + 1,
          not_before = clock_timestamp() + least(60, 0.5 * 2 ^ least(attempts, 10)) * interval '1 second'
    where id = any ($1)`,
);

/**
 * Claims up to `limit` due entries of a queue and passes them to `deliver`, which returns the
 * entries that Temporal accepted. Those are deleted when this function returns; the others are
 * retried later. The claim is a row lock, so no other relay delivers the same entries.
 * @returns how many entries were claimed
 */
export async function deliverDue(
  db: Database,
  queue: OutboxQueue,
  limit: number,
  deliver: (entries: OutboxEntry[]) => Promise<Set<number>>,
): Promise<number> {
  return db.transaction(async (tx) => {
    const entries = await tx.rows(CLAIMS[queue], [limit]);
    if (entries.length === 0) return 0;
    const delivered = await deliver(entries);
    const ids = entries.map((entry) => entry.id);
    await tx.run(DONE, [ids.filter((id) => delivered.has(id))]);
    const failed = ids.filter((id) => !delivered.has(id));
    if (failed.length > 0) await tx.run(LATER, [failed]);
    return entries.length;
  });
}

const BACKLOG = sql<{ entries: number; oldest_s: number }>(
  'outbox_backlog',
  `select count(*) as entries, coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as oldest_s from outbox`,
);

/** How many entries wait for Temporal, and the age of the oldest in seconds. */
export async function readBacklog(
  db: Queryable,
): Promise<{ entries: number; oldestSeconds: number }> {
  const [row] = await db.rows(BACKLOG);
  return { entries: row!.entries, oldestSeconds: row!.oldest_s };
}

const look = (queue: OutboxQueue) =>
  sql<{ entries: number; due: boolean }>(
    `outbox_look_${queue}`,
    `select last_value as entries,
            exists (select from outbox where ${isDue(queue)}) as due
       from outbox_id_seq`,
  );
const LOOKS = { commands: look('commands'), starts: look('starts') };

/**
 * Whether a queue has a due entry, which is cheaper than claiming none; and the number of entries
 * so far, which only serves to measure how fast they arrive.
 */
export async function lookIntoOutbox(
  db: Queryable,
  queue: OutboxQueue,
): Promise<{ due: boolean; entriesEver: number }> {
  const [row] = await db.rows(LOOKS[queue]);
  return { due: row!.due, entriesEver: row!.entries };
}
