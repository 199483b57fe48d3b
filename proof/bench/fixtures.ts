import { randomUUID } from 'node:crypto';
import { sql, type Database } from '../product';
import { createEvent, NO_RULES } from './product';
import type { BenchEvent } from './case';

const HOLD_TTL_SECONDS = 3600;
const PRICE = 1000;
const SEATS_PER_ROW = 100;

const EVENT_ID = sql('bench_event_id', 'select id from events where slug = $1');
/** A bulk insert leaves no statistics and no visibility map; an event in a real sale has both. */
const VACUUM_SEATS = sql('bench_vacuum_seats', 'vacuum (analyze) seats');

/** Inserts an event whose seats are all free and of one category. Its holds outlast the benchmark. */
export async function insertEvent(db: Database, seats: number): Promise<BenchEvent> {
  const slug = `bench-${randomUUID()}`;
  const labels = Array.from(
    { length: seats },
    (_, index) => `R${Math.floor(index / SEATS_PER_ROW) + 1}-${(index % SEATS_PER_ROW) + 1}`,
  );
  await createEvent(db, {
    ...NO_RULES,
    slug,
    name: 'Benchmark',
    venue: null,
    startsAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    timeZone: 'Europe/Prague',
    currency: 'EUR',
    holdTtlSeconds: HOLD_TTL_SECONDS,
    maxSeatsPerReservation: 10,
    categories: [{ code: 'standard', name: 'Standard', price: PRICE }],
    seats: labels.map((label) => {
      const [row = '', number = ''] = label.split('-');
      const position = Number(number);
      const rowOrder = Number(row.slice(1)) - 1;
      return { label, section: 'Stalls', row, number, rowOrder, position, category: 'standard' };
    }),
  });
  return readyForSale(db, slug, labels);
}

/** An event that was made just now, once its seats are as those of an event in a real sale. */
export async function readyForSale(
  db: Database,
  slug: string,
  labels: string[],
): Promise<BenchEvent> {
  const [row] = await db.rows<{ id: string }>(EVENT_ID, [slug]);
  await db.run(VACUUM_SEATS);
  return { id: row!.id, slug, labels };
}

const DROP_PENDING = sql(
  'bench_drop_pending',
  // `nudged_at` in the far future: the sweep must not start or ring these actors either.
  `with dropped as (delete from outbox o using reservations r join events e on e.id = r.event_id
                       where r.id = o.subject and o.kind in ('start', 'ring') and e.slug like 'bench-%' returning o.subject)
   update reservations set nudged_at = 'infinity' where id in (select subject from dropped)`,
);

/** Deletes the outbox entries of the benchmark's own reservations. */
export async function dropPendingStarts(db: Database): Promise<void> {
  await db.run(DROP_PENDING);
}

const HELD = sql(
  'bench_held',
  `select count(*) as seats from seats where event_id = $1 and status = 'held'`,
);

/** How many of an event's seats are held. */
export async function countHeld(db: Database, { id }: BenchEvent): Promise<number> {
  const [row] = await db.rows<{ seats: number }>(HELD, [id]);
  return row!.seats;
}

const END_HOLDS = sql(
  'bench_end_holds',
  `with ended as (update reservations set status = 'expired', ended_at = clock_timestamp()
                   where event_id = $1 and status = 'held' returning id),
        released as (update allocations set released_at = clock_timestamp() where reservation_id in (select id from ended)),
        pending as (delete from outbox where subject in (select id from ended))
   update seats set status = 'available', reservation_id = null, hold_ends_at = null
    where event_id = $1 and reservation_id in (select id from ended)`,
);

/** Ends the holds of an event in a database that has no actors. */
export async function endHolds(db: Database, { id }: BenchEvent): Promise<void> {
  await db.run(END_HOLDS, [id]);
}
