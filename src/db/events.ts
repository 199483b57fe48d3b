import type { Money } from '../domain/money';
import type { Pricing } from '../domain/pricing';
import type { SeatDefinition } from '../domain/seat-map';
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
  priceTypes: { code: string; name: string }[];
  /** `prices`: of the price types after the first. */
  categories: { code: string; name: string; price: Money; prices: Record<string, Money> }[];
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
  createdAt: string;
}

/** How much of its money a cancel gives back, until so long before the start. */
interface RefundTerm {
  untilSecondsBeforeStart: number;
  /** An exact decimal. */
  percent: string;
}

const EVENT = `jsonb_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'venue', e.venue, 'startsAt', rfc3339(e.starts_at),
  'timeZone', e.time_zone, 'currency', e.currency, 'salesOpenAt', rfc3339(e.sales_open_at), 'salesCloseAt', rfc3339(e.sales_close_at),
  'holdTtlSeconds', e.hold_ttl_seconds, 'holdCapSeconds', e.hold_cap_seconds, 'maxSeatsPerReservation', e.max_seats_per_reservation,
  'maxSeatsPerBuyer', e.max_seats_per_buyer, 'refundTerms', e.refund_terms, 'createdAt', rfc3339(e.created_at),
  'priceTypes', coalesce(e.pricing -> 'types', '[{"code": "standard", "name": "Standard"}]'),
  'tax', nullif(e.pricing -> 'tax', 'null'),
  'fees', coalesce((select jsonb_agg(fee || jsonb_build_object('amount', case when fee -> 'amount' <> 'null'
       then money_document((fee ->> 'amount')::bigint, e.currency) end) order by n)
    from jsonb_array_elements(e.pricing -> 'fees') with ordinality each (fee, n)), '[]'),
  'categories', (select jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name, 'price', money_document(c.price, e.currency),
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
}

/** The events of a reservation (`r`), in its order: a list of `EventShown`. */
export const EVENTS_OF_RESERVATION = `(select jsonb_agg(jsonb_build_object('slug', v.slug, 'name', v.name, 'venue', v.venue,
       'startsAt', rfc3339(v.starts_at), 'timeZone', v.time_zone) order by array_position(r.event_ids, v.id))
     from events v where v.id = any (coalesce(r.event_ids, array[r.event_id])))`;

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
    where $1::timestamptz is null or (e.starts_at, e.id) > ($1, $2::uuid) order by e.starts_at, e.id limit $3`,
);

/** One page of events by their start, after the given position. */
export async function listEvents(
  db: Queryable,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ event: EventRecord; at: string }[]> {
  return db.rows(LIST, [after?.at ?? null, after?.id ?? null, limit]);
}

export interface NewEvent {
  slug: string;
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  currency: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
  holdTtlSeconds: number | null;
  holdCapSeconds: number | null;
  maxSeatsPerReservation: number;
  maxSeatsPerBuyer: number | null;
  refundTerms: RefundTerm[] | null;
  /** null: the prices of the categories, and nothing beside. */
  pricing: Pricing | null;
  /** Prices in minor units. */
  categories: { code: string; name: string; price: number }[];
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
  pricing: null,
} as const satisfies Partial<NewEvent>;

const INSERT = sql<{ id: string }>(
  'event_insert',
  `insert into events (slug, name, venue, starts_at, time_zone, currency, sales_open_at, sales_close_at,
                       hold_ttl_seconds, hold_cap_seconds, max_seats_per_reservation, max_seats_per_buyer, refund_terms, pricing)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id`,
);
const INSERT_CATEGORIES = sql(
  'event_insert_categories',
  `insert into price_categories (event_id, code, name, price, ordinal)
   select $1, code, name, price, ordinal
     from unnest($2::text[], $3::text[], $4::bigint[]) with ordinality as c (code, name, price, ordinal)`,
);
const INSERT_SEATS = sql(
  'event_insert_seats',
  `insert into seats (event_id, label, section, row_name, number, seat_number, category_code)
   select $1, label, section, row_name, position, nullif(number, position::text), category
     from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[])
          with ordinality as s (label, section, row_name, position, number, category, ordinal) order by ordinal`,
);

/** What a commit may take, so that a caller is not told 503 of what is then made. */
const COMMIT_MS = 500;

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
      const [row] = await tx.rows(INSERT, [
        event.slug,
        event.name,
        event.venue,
        event.startsAt,
        event.timeZone,
        event.currency,
        event.salesOpenAt,
        event.salesCloseAt,
        event.holdTtlSeconds,
        event.holdCapSeconds,
        event.maxSeatsPerReservation,
        event.maxSeatsPerBuyer,
        event.refundTerms === null ? null : JSON.stringify(event.refundTerms),
        event.pricing,
      ]);
      const { id } = row!;
      const { categories, seats } = event;
      await tx.run(INSERT_CATEGORIES, [
        id,
        categories.map((category) => category.code),
        categories.map((category) => category.name),
        categories.map((category) => category.price),
      ]);
      // Seats are inserted in batches, so that each statement stays well within the time limit.
      for (let start = 0; start < seats.length; start += 10_000) {
        const portion = seats.slice(start, start + 10_000);
        await tx.run(INSERT_SEATS, [
          id,
          portion.map((seat) => seat.label),
          portion.map((seat) => seat.section),
          portion.map((seat) => seat.row),
          portion.map((seat) => seat.position),
          portion.map((seat) => seat.number),
          portion.map((seat) => seat.category),
        ]);
        if (leftMs() < COMMIT_MS) throw new DeadlinePassed();
      }
      await noteOfEvent(tx, id, 'event.created', actor);
    });
    return 'created';
  } catch (error) {
    if (violatedConstraint(error) === 'events_slug_unique') return 'slug_taken';
    throw error;
  }
}
