import { sql, type Queryable } from './database';

/** What a seat (`s`) is called in its row; null for general admission. */
export const SEAT_NUMBER = 'coalesce(s.seat_number, s.number::text)';

/** What is said of a seat beside its status: the same until its event is changed. */
export interface MapSeat {
  /** Ascending in a layout. Not shown. */
  id: number;
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
  `select s.id, s.label, s.section, s.row_name as row, ${SEAT_NUMBER} as number, s.number as position,
          s.category_code as category,
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
  const texts = new Map<string, string>();
  const shared = (text: string): string => {
    if (!texts.has(text)) texts.set(text, text);
    return texts.get(text)!;
  };
  const prices = new Map<string, MapSeat['price']>();
  const sharedPrice = (price: MapSeat['price'], key: string): MapSeat['price'] => {
    if (!prices.has(key)) prices.set(key, price);
    return prices.get(key)!;
  };
  const layout = await db.rows(LAYOUT, [eventId, seats]);
  return layout.map(({ id, label, section, row, category, price, ...seat }) => ({
    id,
    label,
    section: shared(section),
    row: row === null ? null : shared(row),
    ...seat,
    category: shared(category),
    price: sharedPrice(price, `${category}: ${price.amount} ${price.currency}`),
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

/** A seat that changes without a write when its hold or its allotment ends. */
interface EndingSeat {
  id: number;
  /** Milliseconds; Infinity: it changes by a write alone. */
  endsInMs: number;
}

/** The part of a reading that is not about single seats. */
interface MapState {
  /** In which the map is as it was read: see `readChanges`. */
  snapshot: string;
  /** Of the event. */
  revision: number;
  /** null: there are no allotments. */
  allotted: Allotted | null;
}

const LETTER = `case when not seat_is_free(status, hold_ends_at) then left(status, 1)
             when not active or category_code = any (array(
               select code from price_categories where event_id = $1 and not active)) then 'b'
             when allotment_until > clock_timestamp() then 'k' else 'a' end`;
/** Milliseconds until the seat changes without a write; null: it does not. */
const ENDS_IN_MS = `(extract(epoch from nullif(
               case when status = 'held' and hold_ends_at > clock_timestamp() then hold_ends_at
                    when status <> 'sold' and allotment_until > clock_timestamp() then allotment_until end,
               'infinity') - clock_timestamp()) * 1000)::float8`;
const ALLOTTED = `(select jsonb_object_agg(a.id, jsonb_build_object('client', a.client, 'seats',
                    (select coalesce(jsonb_agg(s.label order by s.id), '[]') from seats s
                      where s.allotment_id = a.id and s.allotment_until > clock_timestamp())))
             from allotments a where a.event_id = $1 and a.ended_at is null and a.until > clock_timestamp())`;

const STATUSES = sql<
  MapState & { letters: string; ending: number[] | null; ends_in_ms: number[] | null }
>(
  'seat_map_statuses',
  // Aggregated here: a hundred thousand rows would cost the driver far more than one string. The seats come in the
  // order of an index, so nothing is sorted.
  `select coalesce(string_agg(letter, ''), '') as letters,
          array_agg(id) filter (where ends_in_ms is not null) as ending,
          array_agg(ends_in_ms) filter (where ends_in_ms is not null) as ends_in_ms,
          pg_current_snapshot()::text as snapshot, (select revision from events where id = $1) as revision,
          ${ALLOTTED} as allotted
     from (select id, ${LETTER} as letter, ${ENDS_IN_MS} as ends_in_ms
             from seats where event_id = $1 order by id) seat`,
);

/** The status of every seat as it is now, one letter each, and which seats change by themselves. */
export async function readStatuses(
  db: Queryable,
  eventId: string,
): Promise<MapState & { letters: string; ending: EndingSeat[] }> {
  const [row] = await db.rows(STATUSES, [eventId]);
  const { letters, ending, ends_in_ms: endsInMs, ...state } = row!;
  return {
    ...state,
    letters,
    ending: (ending ?? []).map((id, place) => ({ id, endsInMs: endsInMs![place]! })),
  };
}

/** More seats than that are not read one by one: reading all is faster. */
export const MOST_CHANGED_SEATS = 2000;

const CHANGES = sql<
  MapState & {
    whole: boolean;
    changed: boolean;
    ids: number[] | null;
    letters: string | null;
    ends_in_ms: number[] | null;
  }
>(
  'seat_map_changes',
  `with unseen as materialized (
     select seats from map_changes
      where event_id = $1 and xid >= pg_snapshot_xmin($2::pg_snapshot)
        and not pg_visible_in_snapshot(xid, $2::pg_snapshot)),
   named as materialized (
     select count(*) filter (where seats is null) > 0
              or coalesce(sum(cardinality(seats)), 0) > ${MOST_CHANGED_SEATS} as whole,
            count(*) > 0 or cardinality($3::bigint[]) > 0 as changed from unseen)
   select named.whole, named.changed, seat.ids, seat.letters, seat.ends_in_ms,
          pg_current_snapshot()::text as snapshot, (select revision from events where id = $1) as revision,
          case when named.changed and not named.whole then ${ALLOTTED} end as allotted
     from named, lateral (
       select array_agg(id) as ids, string_agg(letter, '') as letters, array_agg(ends_in_ms) as ends_in_ms
         from (select id, ${LETTER} as letter, coalesce(${ENDS_IN_MS}, 'Infinity') as ends_in_ms from seats
                where event_id = $1 and not named.whole
                  and id = any (array(select unnest(seats) from unseen union select unnest($3::bigint[])))) s) seat`,
);

/** A seat as it is now. */
interface ChangedSeat extends EndingSeat {
  letter: string;
}

/**
 * Reads the seats of an event that were changed by transactions the snapshot does not see, and the seats
 * of `due`: the map has changed in no others.
 * @param since a snapshot not older than `SNAPSHOT_USABLE_MS`, and the ids of seats that may have ended
 * since
 * @returns the snapshot of this look, alone if nothing has changed; `seats`: not each need differ. null:
 * the whole map has to be read
 */
export async function readChanges(
  db: Queryable,
  eventId: string,
  { snapshot, due }: { snapshot: string; due: readonly number[] },
): Promise<{ snapshot: string; seats?: undefined } | (MapState & { seats: ChangedSeat[] }) | null> {
  const [row] = await db.rows(CHANGES, [eventId, snapshot, due]);
  const { whole, changed, ids, letters, ends_in_ms: endsInMs, ...state } = row!;
  if (whole) return null;
  if (!changed) return { snapshot: state.snapshot };
  const seats = (ids ?? []).map((id, place) => ({
    id,
    letter: letters![place]!,
    endsInMs: endsInMs![place]!,
  }));
  return { ...state, seats };
}

const NOTE_CHANGE = sql(
  'map_change_note',
  `insert into map_changes (xid, event_id) values (pg_current_xact_id(), $1)
   on conflict (xid, event_id) do update set seats = null`,
);

/** Notes that this transaction changes more of an event's map than seats. */
export async function noteMapChange(tx: Queryable, eventId: string): Promise<void> {
  await tx.run(NOTE_CHANGE, [eventId]);
}

/**
 * How long what `readChanges` looks at is kept; a snapshot must be younger by the longest
 * transaction.
 */
const CHANGES_KEPT_MINUTES = 5;
export const SNAPSHOT_USABLE_MS = 60_000;

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
