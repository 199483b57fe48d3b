import type { HistoryType } from '../domain/history-types';
import { sql, type Queryable } from './database';

export interface HistoryEntry {
  at: string;
  type: string;
  actor: string;
  data: Record<string, unknown>;
}

const READ = sql<HistoryEntry & { id: number }>(
  'history_of_reservation',
  `select rfc3339(at) as at, history_type(type) as type, actor, data, id from history where reservation_id = $1 and id > $2 order by id limit $3`,
);

/** One page of a reservation's history, in order, after the given position. */
export async function readHistory(
  db: Queryable,
  reservationId: string,
  after: number,
  limit: number,
): Promise<(HistoryEntry & { id: number })[]> {
  return db.rows(READ, [reservationId, after, limit]);
}

const HOLDER = sql<{ actor: string }>(
  'history_holder',
  'select actor from history where reservation_id = $1 order by id limit 1',
);

/** Who made a reservation: the actor of the first entry of its history. */
export async function findHolder(db: Queryable, reservationId: string): Promise<string | null> {
  const [row] = await db.rows(HOLDER, [reservationId]);
  return row?.actor ?? null;
}

const NOTE_EVENT = sql(
  'history_of_event',
  'insert into history (event_id, type, actor, data) values ($1, $2, $3, $4)',
);

/**
 * Notes what happened to an event, in the transaction in which it happened.
 * @param actor who did it: `operator:NAME`, or `system`
 */
export async function noteOfEvent(
  tx: Queryable,
  eventId: string,
  type: Extract<HistoryType, `event.${string}` | `allotment.${string}`>,
  actor: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  await tx.run(NOTE_EVENT, [eventId, type, actor, JSON.stringify(data)]);
}
