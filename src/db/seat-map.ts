import { sql, type Queryable } from './database';

/** What a seat (`s`) is called in its row; null for general admission. */
export const SEAT_NUMBER = 'coalesce(s.seat_number, s.number::text)';

/** What is said of a seat beside its status: the same until its event is changed. */
export interface MapSeat {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  /** Where it is in its row, aisles counted; null for general admission. Not shown. */
  position: number | null;
  category: string;
  price: { amount: number; currency: string };
  /** null: the map is laid out from the rows. */
  x: number | null;
  y: number | null;
  accessible: boolean;
  companion: boolean;
  /** Whether it is for sale, as its category; otherwise nobody can take it any more. */
  active: boolean;
  /** The order of choice, the lowest first. Not shown. */
  rank: number;
}

const LAYOUT = sql<MapSeat>(
  'seat_map_layout',
  `select s.label, s.section, s.row_name as row, ${SEAT_NUMBER} as number, s.number as position, s.category_code as category,
          jsonb_build_object('amount', c.price, 'currency', e.currency) as price, s.x, s.y, s.accessible, s.companion,
          s.active and c.active as active, coalesce(s.rank, 0) as rank
     from (select * from seats where event_id = $1 order by id limit $2) s join events e on e.id = s.event_id
     join price_categories c on c.event_id = s.event_id and c.code = s.category_code
    order by s.id`,
);

/**
 * The first so many seats of an event, which are all of a picture with so many letters. Equal
 * values are one object.
 */
export async function readLayout(
  db: Queryable,
  eventId: string,
  seats: number,
): Promise<MapSeat[]> {
  const known = new Map<unknown, unknown>();
  const shared = <Value>(value: Value, key: unknown = value): Value => {
    if (!known.has(key)) known.set(key, value);
    return known.get(key) as Value;
  };
  const layout = await db.rows(LAYOUT, [eventId, seats]);
  return layout.map(({ label, section, row, category, price, ...seat }) => ({
    label,
    section: shared(section),
    row: shared(row),
    ...seat,
    category: shared(category),
    price: shared(price, `${category}: ${price.amount} ${price.currency}`),
  }));
}

/** One letter a seat, in the order of the layout. */
export const SEAT_STATUS = {
  a: 'available',
  h: 'held',
  s: 'sold',
  b: 'blocked',
  /** Free, in an allotment. */
  k: 'blocked',
} as const;
export type SeatLetter = keyof typeof SEAT_STATUS;

/** The seats of an event that are kept for somebody, by the id of their allotment. */
export type Allotted = Record<string, { client: string | null; seats: string[] }>;

const STATUSES = sql<{
  letters: string;
  next_end_in_ms: number | null;
  snapshot: string;
  revision: number;
  allotted: Allotted | null;
}>(
  'seat_map_statuses',
  // Aggregated here: a hundred thousand rows would cost the driver far more than one string. `next_end` says until when
  // the picture holds if nobody writes: the end of a hold or of an allotment frees its seats without a write. The seats
  // come in the order of an index, so nothing is sorted.
  `select coalesce(string_agg(case when not seat_is_free(status, hold_ends_at) then left(status, 1)
             when not active or category_code = any (array(select code from price_categories where event_id = $1 and not active)) then 'b'
             when allotment_until > clock_timestamp() then 'k' else 'a' end, ''), '') as letters,
          (extract(epoch from least(
             min(hold_ends_at) filter (where status = 'held' and hold_ends_at > clock_timestamp() and hold_ends_at <> 'infinity'),
             min(allotment_until) filter (where allotment_until > clock_timestamp() and allotment_until <> 'infinity'))
             - clock_timestamp()) * 1000)::float8 as next_end_in_ms,
          pg_current_snapshot()::text as snapshot, (select revision from events where id = $1) as revision,
          (select jsonb_object_agg(a.id, jsonb_build_object('client', a.client, 'seats',
                    (select coalesce(jsonb_agg(s.label order by s.id), '[]') from seats s
                      where s.allotment_id = a.id and s.allotment_until > clock_timestamp())))
             from allotments a where a.event_id = $1 and a.ended_at is null and a.until > clock_timestamp()) as allotted
     from (select status, hold_ends_at, active, category_code, allotment_until from seats where event_id = $1 order by id) seat`,
);

/**
 * The status of every seat as it is now, one letter each, and how long it stays so if nobody writes.
 * @returns with the snapshot in which it was so (see `mapHasChanged`), and the event's revision in it
 */
export async function readStatuses(
  db: Queryable,
  eventId: string,
): Promise<{
  letters: string;
  nextEndInMs: number | null;
  snapshot: string;
  revision: number;
  /** null: there are no allotments. */
  allotted: Allotted | null;
}> {
  const [row] = await db.rows(STATUSES, [eventId]);
  const { letters, next_end_in_ms: nextEndInMs, snapshot, revision, allotted } = row!;
  return { letters, nextEndInMs, snapshot, revision, allotted };
}

const CHANGED = sql<{ changed: boolean; snapshot: string }>(
  'seat_map_changed',
  `select exists (select from map_changes where event_id = $1 and xid >= pg_snapshot_xmin($2::pg_snapshot)
                   and not pg_visible_in_snapshot(xid, $2::pg_snapshot)) as changed,
          pg_current_snapshot()::text as snapshot`,
);

const NOTE_CHANGE = sql(
  'map_change_note',
  `insert into map_changes (xid, event_id) values (pg_current_xact_id(), $1) on conflict do nothing`,
);

/** Notes that this transaction changes the map of an event without a write to its seats. */
export async function noteMapChange(tx: Queryable, eventId: string): Promise<void> {
  await tx.run(NOTE_CHANGE, [eventId]);
}

/**
 * How long what `mapHasChanged` looks at is kept; a snapshot must be younger by the longest
 * transaction.
 */
const CHANGES_KEPT_MINUTES = 5;
export const SNAPSHOT_USABLE_MS = 60_000;

/**
 * Whether a transaction that this snapshot did not see has changed the map of this event.
 * @param snapshot not older than `SNAPSHOT_USABLE_MS`
 * @returns with the snapshot of this look, in which the map is still the same if it has not changed
 */
export async function mapHasChanged(
  db: Queryable,
  eventId: string,
  snapshot: string,
): Promise<{ changed: boolean; snapshot: string }> {
  const [row] = await db.rows(CHANGED, [eventId, snapshot]);
  return row!;
}

const FORGET = sql(
  'map_changes_forget',
  // Of the oldest alone, so that nothing is read that stays.
  `delete from map_changes where (xid, event_id) in (
     select xid, event_id from (select xid, event_id, at from map_changes order by xid limit $2) oldest
      where at < now() - $1 * interval '1 minute')`,
);

/** Forgets changes that every picture has seen long ago. @returns how many */
export async function forgetMapChanges(db: Queryable, limit: number): Promise<number> {
  return db.run(FORGET, [CHANGES_KEPT_MINUTES, limit]);
}
