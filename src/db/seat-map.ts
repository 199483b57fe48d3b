import { sql, type Queryable } from './database';

/** What a seat (`s`) is called in its row; null for general admission. */
export const SEAT_NUMBER = 'coalesce(s.seat_number, s.number::text)';

/** What never changes about a seat. */
export interface MapSeat {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  category: string;
  price: { amount: number; currency: string };
}

const LAYOUT = sql<MapSeat>(
  'seat_map_layout',
  `select s.label, s.section, s.row_name as row, ${SEAT_NUMBER} as number, s.category_code as category,
          jsonb_build_object('amount', c.price, 'currency', e.currency) as price
     from seats s join events e on e.id = s.event_id
     join price_categories c on c.event_id = s.event_id and c.code = s.category_code
    where s.event_id = $1 order by s.id`,
);

export async function readLayout(db: Queryable, eventId: string): Promise<MapSeat[]> {
  return db.rows(LAYOUT, [eventId]);
}

/** One letter a seat, in the order of the layout. */
export const SEAT_STATUS = { a: 'available', h: 'held', s: 'sold', b: 'blocked' } as const;
export type SeatLetter = keyof typeof SEAT_STATUS;

const STATUSES = sql<{ letters: string; next_end_in_ms: number | null }>(
  'seat_map_statuses',
  // Aggregated here: a hundred thousand rows would cost the driver far more than one string. `next_end` says until when
  // the picture holds if nobody writes: the end of a hold frees its seats without a write.
  `select coalesce(string_agg(case when seat_is_free(status, hold_ends_at) then 'a' else left(status, 1) end, '' order by id), '') as letters,
          (extract(epoch from min(hold_ends_at) filter (where status = 'held' and hold_ends_at > clock_timestamp()
             and hold_ends_at <> 'infinity') - clock_timestamp()) * 1000)::float8 as next_end_in_ms
     from seats where event_id = $1`,
);

/** The status of every seat as it is now, one letter each, and how long it stays so if nobody writes. */
export async function readStatuses(
  db: Queryable,
  eventId: string,
): Promise<{ letters: string; nextEndInMs: number | null }> {
  const [row] = await db.rows(STATUSES, [eventId]);
  return { letters: row!.letters, nextEndInMs: row!.next_end_in_ms };
}

const SNAPSHOT = sql<{ snapshot: string }>(
  'seat_map_snapshot',
  'select pg_current_snapshot()::text as snapshot',
);

/** Which transactions are visible: two equal answers mean that nothing was committed between them. */
export async function readSnapshot(db: Queryable): Promise<string> {
  const [row] = await db.rows(SNAPSHOT);
  return row!.snapshot;
}
