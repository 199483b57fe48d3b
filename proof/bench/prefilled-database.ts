import { join } from 'node:path';
import { createDatabase, sql, type Database } from '../product';
import { migrate } from './product';
import { PROJECT } from '../../dev/steps';
import type { Bench } from './case';

/** What another database on the same server contains before the measurement. */
export interface Prefill {
  name: string;
  /** Sold seats of past events, each with a reservation, a payment, a ticket and ten entries in the history. */
  past: number;
  /** Open holds of other clients. */
  open: number;
}

const SEATS_PER_EVENT = 10_000;
const EXISTS = sql('prefill_exists', 'select datname from pg_database where datname = $1');
const KEYS = sql(
  'prefill_keys',
  'select client, role, key_hash, demo from api_keys where revoked_at is null',
);
const INSERT_KEY = sql(
  'prefill_insert_key',
  'insert into api_keys (client, role, key_hash, demo) values ($1, $2, $3, $4)',
);

const statement = (name: string, text: string) => sql(`prefill_${name}`, text);

/** The steps that insert one event; each step reads what the one before has written. */
const FILL = [
  statement(
    'event',
    `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
     values ($1, 'Prefill', now() + interval '30 days', 'Europe/Prague', 'EUR', 10)`,
  ),
  statement(
    'category',
    `insert into price_categories (event_id, code, name, price, ordinal)
     select id, 'standard', 'Standard', 1000, 1 from events where slug = $1`,
  ),
];
const SEATS = statement(
  'seats',
  `insert into seats (event_id, label, section, row_name, number, category_code, status, reservation_id, hold_ends_at)
   select e.id, 'R' || n / 100 || '-' || n % 100, 'Stalls', 'R' || n / 100, n % 100, 'standard',
          $3, gen_random_uuid()::text, case when $3 = 'held' then now() + interval '1 day' end
     from events e, generate_series(0, $2 - 1) n where e.slug = $1 order by n`,
);
const RESERVATIONS = statement(
  'reservations',
  `insert into reservations (id, event_id, client, fingerprint, buyer_name, buyer_email, buyer_key, total, currency, status,
                             created_at, hold_ends_at, hold_cap_at, confirmed_by, confirmed_at, delivered_at)
   select s.reservation_id, s.event_id, 'client-' || s.id % 20, sha256(s.reservation_id::bytea), 'Ada Lovelace',
          s.reservation_id || '@example.org', sha256(s.reservation_id::bytea), 1000, 'EUR',
          case when $2 = 'held' then 'held' else 'confirmed' end, now() - interval '1 hour',
          now() + interval '1 day', now() + interval '2 days',
          case when $2 = 'sold' then 'pay-' || s.reservation_id end, case when $2 = 'sold' then now() end, case when $2 = 'sold' then now() end
     from seats s join events e on e.id = s.event_id where e.slug = $1`,
);
const ALLOCATIONS = statement(
  'allocations',
  `insert into allocations (reservation_id, seat_id, price)
   select s.reservation_id, s.id, 1000 from seats s join events e on e.id = s.event_id where e.slug = $1`,
);
const HISTORY = statement(
  'history',
  `insert into history (reservation_id, type, actor, data)
   select s.reservation_id, 'held', 'client:prefill', jsonb_build_object('seats', jsonb_build_array(s.label))
     from seats s join events e on e.id = s.event_id cross join generate_series(1, 10) where e.slug = $1`,
);
const PAYMENTS = statement(
  'payments',
  `insert into payments (reference, reservation_id, amount, currency, source, role)
   select 'pay-' || s.reservation_id, s.reservation_id, 1000, 'EUR', 'standard', 'confirming'
     from seats s join events e on e.id = s.event_id where e.slug = $1`,
);
const TICKETS = statement(
  'tickets',
  `insert into tickets (id, reservation_id, seat_id, code)
   select gen_random_uuid(), s.reservation_id, s.id, 'prefill-' || s.id
     from seats s join events e on e.id = s.event_id where e.slug = $1`,
);
/** The rows are consistent by construction; the triggers would take many minutes for a million of them. */
const WITHOUT_CHECKS = statement('without_checks', 'set local session_replication_role = replica');
const VACUUM = statement('vacuum', 'vacuum (analyze)');

async function fillEvent(
  db: Database,
  slug: string,
  seats: number,
  status: 'sold' | 'held',
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.run(WITHOUT_CHECKS);
    for (const step of FILL) await tx.run(step, [slug]);
    await tx.run(SEATS, [slug, seats, status]);
    await tx.run(RESERVATIONS, [slug, status]);
    for (const step of [ALLOCATIONS, HISTORY]) await tx.run(step, [slug]);
    if (status === 'sold') for (const step of [PAYMENTS, TICKETS]) await tx.run(step, [slug]);
  });
}

const open = (url: string): Database =>
  createDatabase({
    url,
    pool: 2,
    prepared: true,
    applicationName: 'holdfast-bench',
    queryTimeoutMs: 600_000,
  });

/** Vacuums and analyses all tables: without statistics the planner takes every table for empty. */
export async function vacuumTables(db: Database): Promise<void> {
  await db.run(VACUUM);
}

async function fill(
  { db: main, progress }: Bench,
  url: string,
  { name, past, open: held }: Prefill,
): Promise<void> {
  await migrate(url, join(PROJECT, 'migrations'));
  const db = open(url);
  try {
    for (const key of await main.rows(KEYS))
      await db.run(INSERT_KEY, [key.client, key.role, key.key_hash, key.demo]);
    for (let done = 0; done < past; done += SEATS_PER_EVENT) {
      await fillEvent(db, `prefill-past-${done}`, Math.min(SEATS_PER_EVENT, past - done), 'sold');
      if ((done / SEATS_PER_EVENT) % 20 === 0)
        progress(`${name}: ${done} of ${past} past reservations`);
    }
    if (held > 0) await fillEvent(db, 'prefill-open', held, 'held');
    await vacuumTables(db);
  } finally {
    await db.close();
  }
}

/** Creates and fills a database on the same server, unless it exists. @returns its URL */
export async function prefilledDatabase(bench: Bench, prefill: Prefill): Promise<string> {
  const url = new URL(bench.stack.info().databaseUrl);
  const name = `holdfast_bench_${prefill.name}`;
  url.pathname = `/${name}`;
  if ((await bench.db.rows(EXISTS, [name])).length > 0) return url.href;
  await bench.db.run(statement(`create_${name}`, `create database ${name}`));
  try {
    await fill(bench, url.href, prefill);
  } catch (error) {
    await bench.db.run(statement(`drop_${name}`, `drop database ${name} with (force)`));
    throw error;
  }
  return url.href;
}

/** Opens a pool of the benchmark itself to a prefilled database. */
export const openPrefilled = open;
