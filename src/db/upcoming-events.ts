import { sql, type Queryable } from './database';

/** An event that has not begun, as a visitor of the start page sees it. */
export interface UpcomingEvent {
  slug: string;
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  currency: string;
  /** The price of the cheapest category, in minor units. */
  lowestPrice: number;
  sale: 'not_open_yet' | 'open' | 'closed';
  salesOpenAt: string | null;
  freeSeats: number;
  seats: number;
}

const UPCOMING = sql(
  'events_upcoming',
  // The seats of every listed event are counted, so callers cache the result.
  `select e.slug, e.name, e.venue, rfc3339(e.starts_at) as "startsAt", e.time_zone as "timeZone", e.currency,
          (select min(price) from price_categories where event_id = e.id) as "lowestPrice",
          case when e.sales_open_at > clock_timestamp() then 'not_open_yet'
               when e.sales_close_at <= clock_timestamp() then 'closed' else 'open' end as sale,
          rfc3339(e.sales_open_at) as "salesOpenAt", counted.free as "freeSeats", counted.total as seats
     from (select * from events where starts_at > clock_timestamp() order by starts_at, id limit $1) e
     cross join lateral (
       select count(*) filter (where seat_is_free_for(null, status, hold_ends_at, allotment_id, allotment_until)) as free, count(*) as total
         from seats where event_id = e.id) counted
    order by e.starts_at, e.id`,
);

/** The next events by their start, with the number of free seats. */
export async function listUpcomingEvents(db: Queryable, limit: number): Promise<UpcomingEvent[]> {
  return db.rows<UpcomingEvent & Record<string, unknown>>(UPCOMING, [limit]);
}
