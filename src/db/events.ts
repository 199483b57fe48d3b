import type { SeatDefinition } from '../domain/seat-map';
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
  categories: { code: string; name: string; price: { amount: number; currency: string } }[];
  createdAt: string;
}

const EVENT = `jsonb_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'venue', e.venue, 'startsAt', rfc3339(e.starts_at),
  'timeZone', e.time_zone, 'currency', e.currency, 'salesOpenAt', rfc3339(e.sales_open_at), 'salesCloseAt', rfc3339(e.sales_close_at),
  'holdTtlSeconds', e.hold_ttl_seconds, 'holdCapSeconds', e.hold_cap_seconds, 'maxSeatsPerReservation', e.max_seats_per_reservation,
  'createdAt', rfc3339(e.created_at),
  'categories', (select jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name,
      'price', jsonb_build_object('amount', c.price, 'currency', e.currency)) order by c.ordinal)
    from price_categories c where c.event_id = e.id)) as event`;

const FIND = sql<{ event: EventRecord }>(
  'event_find',
  `select ${EVENT} from events e where e.slug = $1 or e.id = $2`,
);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An event by its slug or its id. */
export async function findEvent(db: Queryable, idOrSlug: string): Promise<EventRecord | null> {
  const [row] = await db.rows(FIND, [idOrSlug, UUID.test(idOrSlug) ? idOrSlug : null]);
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
  /** Prices in minor units. */
  categories: { code: string; name: string; price: number }[];
  seats: SeatDefinition[];
}

const INSERT = sql<{ id: string }>(
  'event_insert',
  `insert into events (slug, name, venue, starts_at, time_zone, currency, sales_open_at, sales_close_at,
                       hold_ttl_seconds, hold_cap_seconds, max_seats_per_reservation)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`,
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
 * @param leftMs until the caller is answered without it
 * @throws DeadlinePassed when that is too soon; nothing was made
 */
export async function createEvent(
  db: Database,
  event: NewEvent,
  leftMs: () => number = () => Infinity,
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
    });
    return 'created';
  } catch (error) {
    if (violatedConstraint(error) === 'events_slug_unique') return 'slug_taken';
    throw error;
  }
}
