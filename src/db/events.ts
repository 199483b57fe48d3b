import type { Money } from '../domain/money';
import type { Pricing } from '../domain/pricing';
import type { SeatDefinition } from '../domain/seat-map';
import { rankSeats, type Point } from '../domain/seat-rank';
import { noteOfEvent } from './history';
import { DeadlinePassed, sql, violatedConstraint, type Database, type Queryable } from './database';

export interface EventRecord {
  id: string;
  slug: string;
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  currency: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
  /** null: the default of the process that takes the hold applies. */
  holdTtlSeconds: number | null;
  holdCapSeconds: number | null;
  maxSeatsPerReservation: number;
  /** null: any number. */
  maxSeatsPerBuyer: number | null;
  /** `active`: whether anybody can still buy it. */
  priceTypes: { code: string; name: string; active: boolean }[];
  /** `prices`: of the price types after the first. */
  categories: {
    code: string;
    name: string;
    price: Money;
    prices: Record<string, Money>;
    active: boolean;
  }[];
  fees: {
    code: string;
    name: string;
    per: 'ticket' | 'reservation';
    amount: Money | null;
    percent: string | null;
    refundable: boolean;
  }[];
  tax: { percent: string; included: boolean } | null;
  /** The first whose time has not come counts; null: in full. */
  refundTerms: RefundTerm[] | null;
  orphanRule: OrphanRule;
  /** The best place; null: the middle of the first row. */
  focalPoint: Point | null;
  salesPaused: boolean;
  /** Grows with each change. */
  revision: number;
  createdAt: string;
}

/** Whether a sale may leave a free seat alone between taken ones, an aisle or the end of the row. */
export const ORPHAN_RULES = ['off', 'prefer', 'forbid'] as const;
export type OrphanRule = (typeof ORPHAN_RULES)[number];

/** How much of its money a cancel gives back, until so long before the start. */
export interface RefundTerm {
  untilSecondsBeforeStart: number;
  /** An exact decimal. */
  percent: string;
}

const EVENT = `jsonb_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'venue', e.venue, 'startsAt', rfc3339(e.starts_at),
  'timeZone', e.time_zone, 'currency', e.currency, 'salesOpenAt', rfc3339(e.sales_open_at), 'salesCloseAt', rfc3339(e.sales_close_at),
  'holdTtlSeconds', e.hold_ttl_seconds, 'holdCapSeconds', e.hold_cap_seconds, 'maxSeatsPerReservation', e.max_seats_per_reservation,
  'maxSeatsPerBuyer', e.max_seats_per_buyer, 'refundTerms', e.refund_terms, 'orphanRule', e.orphan_rule, 'focalPoint', e.focal_point,
  'salesPaused', e.sales_paused, 'revision', e.revision, 'createdAt', rfc3339(e.created_at),
  'priceTypes', (select jsonb_agg('{"active": true}'::jsonb || type order by n)
    from jsonb_array_elements(coalesce(e.pricing -> 'types', '[{"code": "standard", "name": "Standard"}]')) with ordinality each (type, n)),
  'tax', nullif(e.pricing -> 'tax', 'null'),
  'fees', coalesce((select jsonb_agg(fee || jsonb_build_object('amount', case when fee -> 'amount' <> 'null'
       then money_document((fee ->> 'amount')::bigint, e.currency) end) order by n)
    from jsonb_array_elements(e.pricing -> 'fees') with ordinality each (fee, n)), '[]'),
  'categories', (select jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name, 'active', c.active, 'price', money_document(c.price, e.currency),
      'prices', coalesce((select jsonb_object_agg(type, money_document(price::bigint, e.currency))
        from jsonb_each_text(e.pricing -> 'prices' -> c.code) each (type, price)), '{}')) order by c.ordinal)
    from price_categories c where c.event_id = e.id)) as event`;

/** An event as tickets and mails name it. */
export interface EventShown {
  slug: string;
  name: string;
  venue: string | null;
  /** RFC 3339. */
  startsAt: string;
  /** IANA name of the venue's time zone. */
  timeZone: string;
  /** Grows with each change of the event. */
  revision: number;
}

/** Of an event `v`: an `EventShown`. */
const SHOWN = `jsonb_build_object('slug', v.slug, 'name', v.name, 'venue', v.venue,
       'startsAt', rfc3339(v.starts_at), 'timeZone', v.time_zone, 'revision', v.revision)`;
const IDS_OF_RESERVATION = 'coalesce(r.event_ids, array[r.event_id])';

/** The events of a reservation (`r`), in its order: a list of `EventShown`. */
export const EVENTS_OF_RESERVATION = `(select jsonb_agg(${SHOWN} order by array_position(r.event_ids, v.id))
     from events v where v.id = any (${IDS_OF_RESERVATION}))`;

/** The events for which a reservation (`r`) had tickets, and which a change took out of it: a list of `EventShown`. */
export const EVENTS_LEFT = `(select coalesce(jsonb_agg(${SHOWN} order by v.starts_at, v.id), '[]')
     from events v where v.id <> all (${IDS_OF_RESERVATION})
      and v.id in (select s.event_id from tickets t join seats s on s.id = t.seat_id where t.reservation_id = r.id))`;

/** The slug of the event for which a reservation (`r`) had its first ticket, whatever it is for now. */
export const FIRST_EVENT = `(select v.slug from tickets t join seats s on s.id = t.seat_id join events v on v.id = s.event_id
     where t.reservation_id = r.id order by t.issued_at, t.seat_id limit 1)`;

const FIND = sql<{ event: EventRecord }>(
  'event_find',
  `select ${EVENT} from events e where e.id = event_id_of($1)`,
);

/** An event by its slug or its id. */
export async function findEvent(db: Queryable, idOrSlug: string): Promise<EventRecord | null> {
  const [row] = await db.rows(FIND, [idOrSlug]);
  return row?.event ?? null;
}

const LIST = sql<{ event: EventRecord; at: string }>(
  'events_page',
  `select ${EVENT}, rfc3339_us(e.starts_at) as at from events e
    where (e.starts_at, e.id) > (greatest(coalesce($1::timestamptz, '-infinity'), case when $4::boolean then now() end),
                                 coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
    order by e.starts_at, e.id limit $3`,
);

/**
 * One page of events by their start, after the given position.
 * @param options.upcoming only events that have not begun
 */
export async function listEvents(
  db: Queryable,
  {
    upcoming,
    after,
    limit,
  }: { upcoming: boolean; after: { at: string; id: string } | null; limit: number },
): Promise<{ event: EventRecord; at: string }[]> {
  return db.rows(LIST, [after?.at ?? null, after?.id ?? null, limit, upcoming]);
}

/** What an event says of itself, and may say otherwise later. */
export interface EventDefinition {
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
  holdTtlSeconds: number | null;
  holdCapSeconds: number | null;
  maxSeatsPerReservation: number;
  maxSeatsPerBuyer: number | null;
  refundTerms: RefundTerm[] | null;
  orphanRule: OrphanRule;
  focalPoint: Point | null;
  /** null: the prices of the categories, and nothing beside. */
  pricing: Pricing | null;
  /** Prices in minor units. */
  categories: { code: string; name: string; price: number; active?: boolean }[];
}

export interface NewEvent extends EventDefinition {
  slug: string;
  currency: string;
  seats: SeatDefinition[];
}

/**
 * The rules of an event that has none of its own: the sale is open until the start, holds last as
 * the server says, every buyer pays the category's price and is given all of it back.
 */
export const NO_RULES = {
  salesOpenAt: null,
  salesCloseAt: null,
  holdTtlSeconds: null,
  holdCapSeconds: null,
  maxSeatsPerBuyer: null,
  refundTerms: null,
  orphanRule: 'off',
  focalPoint: null,
  pricing: null,
} as const satisfies Partial<NewEvent>;

const INSERT = sql<{ id: string }>(
  'event_insert',
  `insert into events (slug, currency, name, venue, starts_at, time_zone, sales_open_at, sales_close_at,
                       hold_ttl_seconds, hold_cap_seconds, max_seats_per_reservation, max_seats_per_buyer, refund_terms, pricing,
                       orphan_rule, focal_point)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) returning id`,
);
const SET_CATEGORIES = sql(
  'event_set_categories',
  `insert into price_categories (event_id, code, name, price, active, ordinal)
   select $1, code, name, price, active, ordinal
     from unnest($2::text[], $3::text[], $4::bigint[], $5::boolean[]) with ordinality as c (code, name, price, active, ordinal)
   on conflict (event_id, code) do update set name = excluded.name, price = excluded.price, active = excluded.active, ordinal = excluded.ordinal`,
);
const INSERT_SEATS = sql(
  'event_insert_seats',
  `insert into seats (event_id, label, section, row_name, number, seat_number, category_code, row_order, rank, x, y, accessible, companion)
   select $1, label, section, row_name, position, number, category, row_order, rank, x, y,
          coalesce(accessible, false), coalesce(companion, false)
     from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::integer[], $9::integer[],
                 $10::float8[], $11::float8[], $12::boolean[], $13::boolean[])
          with ordinality as s (label, section, row_name, position, number, category, row_order, rank, x, y, accessible, companion, ordinal)
    order by ordinal`,
);

/** What a commit may take, so that a caller is not told 503 of what is then made. */
const COMMIT_MS = 500;
const SEATS_PER_INSERT = 10_000;

/** What an event says of itself, as values of its columns. */
export const valuesOf = (event: EventDefinition): unknown[] => [
  event.name,
  event.venue,
  event.startsAt,
  event.timeZone,
  event.salesOpenAt,
  event.salesCloseAt,
  event.holdTtlSeconds,
  event.holdCapSeconds,
  event.maxSeatsPerReservation,
  event.maxSeatsPerBuyer,
  event.refundTerms === null ? null : JSON.stringify(event.refundTerms),
  event.pricing,
  event.orphanRule,
  event.focalPoint,
];

/** Writes the categories of an event; those that are there under these codes are changed. */
export async function setCategories(
  tx: Queryable,
  eventId: string,
  categories: EventDefinition['categories'],
): Promise<void> {
  await tx.run(SET_CATEGORIES, [
    eventId,
    categories.map((category) => category.code),
    categories.map((category) => category.name),
    categories.map((category) => category.price),
    categories.map((category) => category.active ?? true),
  ]);
}

/**
 * A column's values, or none if all are null: `unnest` makes nulls of what a shorter array lacks, and
 * a value that is not sent takes no time to write and to read.
 */
const columnOf = <Value>(values: (Value | null)[]): (Value | null)[] =>
  values.every((value) => value === null) ? [] : values;

/** Inserts seats in batches, so that each statement stays well within the time limit. */
export async function insertSeats(
  tx: Queryable,
  eventId: string,
  seats: readonly SeatDefinition[],
  ranks: readonly number[],
  leftMs: () => number,
): Promise<void> {
  for (let start = 0; start < seats.length; start += SEATS_PER_INSERT) {
    const portion = seats.slice(start, start + SEATS_PER_INSERT);
    await tx.run(INSERT_SEATS, [
      eventId,
      portion.map((seat) => seat.label),
      portion.map((seat) => seat.section),
      portion.map((seat) => seat.row),
      portion.map((seat) => seat.position),
      // A number that is the place in the row is kept as that.
      columnOf(
        portion.map(({ number, position }) => (number === String(position) ? null : number)),
      ),
      portion.map((seat) => seat.category),
      portion.map((seat) => seat.rowOrder),
      ranks.slice(start, start + SEATS_PER_INSERT),
      columnOf(portion.map((seat) => seat.x ?? null)),
      columnOf(portion.map((seat) => seat.y ?? null)),
      columnOf(portion.map((seat) => seat.accessible || null)),
      columnOf(portion.map((seat) => seat.companion || null)),
    ]);
    if (leftMs() < COMMIT_MS) throw new DeadlinePassed();
  }
}

/**
 * Creates an event with all its seats, or nothing.
 * @param actor who makes it
 * @param leftMs until the caller is answered without it
 * @throws DeadlinePassed when that is too soon; nothing was made
 */
export async function createEvent(
  db: Database,
  event: NewEvent,
  { actor = 'system', leftMs = () => Infinity }: { actor?: string; leftMs?: () => number } = {},
): Promise<'created' | 'slug_taken'> {
  try {
    await db.transaction(async (tx) => {
      const [row] = await tx.rows(INSERT, [event.slug, event.currency, ...valuesOf(event)]);
      const { id } = row!;
      const { categories, seats, focalPoint } = event;
      await setCategories(tx, id, categories);
      await insertSeats(tx, id, seats, rankSeats(seats, focalPoint), leftMs);
      await noteOfEvent(tx, id, 'event.created', actor);
    });
    return 'created';
  } catch (error) {
    if (violatedConstraint(error) === 'events_slug_unique') return 'slug_taken';
    throw error;
  }
}
