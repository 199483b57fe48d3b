import { hash, randomUUID } from 'node:crypto';
import { sql, type Database } from '../../src/db/database';
import { createEvent } from '../../src/db/events';
import { NOTHING_MORE, takeSeats } from '../../src/db/holds';
import { recordTogether, type ProvenPayment } from '../../src/db/payment-batch';
import { recordPayment } from '../../src/db/payments';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

const PRICE = 100;
const TEST = { testProvider: true };
let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 10 });
});
afterAll(() => db.close());

const named = <Row>(text: string) => sql<Row>(hash('md5', text), text);
const rows = <Row>(text: string, values: unknown[] = []) => db.rows(named<Row>(text), values);
const run = (text: string, values: unknown[] = []) => db.run(named(text), values);

/** Holds of one seat each, of the second of two seats, of an event of their own. @returns a name for all of it */
async function holds(count: number): Promise<string> {
  const name = `run${randomUUID().slice(0, 8)}`;
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug: `${name}-event`,
    name,
    holdTtlSeconds: 600,
    maxSeatsPerReservation: 4,
    categories: [{ code: 'a', name: 'A', price: PRICE }],
    seats: layOutSeats([{ name: 'S', category: 'a', rows: [{ name: 'A', seats: count + 1 }] }])
      .seats,
  });
  for (let index = 0; index < count; index++) {
    const labels = index === 1 ? ['A-2', `A-${count + 1}`] : [`A-${index + 1}`];
    const { kind } = await takeSeats(db, {
      ...NOTHING_MORE,
      id: `${name}-${index}`,
      client: 'shop',
      fingerprint: Buffer.alloc(32),
      seats: labels.map((label) => ({ event: `${name}-event`, label, priceType: null })),
      buyer: null,
      defaultTtlSeconds: 600,
      buyerCap: null,
      actor: 'client:shop',
    });
    expect(kind).toBe('held');
  }
  return name;
}
const payment = (name: string, index: number, more: Partial<ProvenPayment> = {}) => ({
  reference: `${name}-pay-${index}`,
  reservationId: `${name}-${index}`,
  amount: index === 1 ? 2 * PRICE : PRICE,
  currency: 'EUR',
  source: 'standard' as const,
  actor: 'standard',
  ...more,
});
const alone = (one: ProvenPayment) => recordPayment(db, one, { strict: false, ...TEST });
const recorded = async (payments: ProvenPayment[]) =>
  (await recordTogether(db, payments, TEST)).map((result) => result?.kind ?? null);

/** Every row of every table that names this run, without its name, times and the numbers of rows. */
async function written(name: string): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace n on n.oid = relnamespace
      where relkind = 'r' and nspname in ('public', 'test_provider')`,
  );
  const found: string[] = [];
  for (const { name: table } of tables) {
    const all = await rows<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from ${table} t where to_jsonb(t)::text like '%${name}%'`,
    );
    for (const { row } of all) {
      const kept = Object.entries(row).filter(
        ([column]) =>
          table === 'public.reservations' ||
          !/^(id|posting|seat_id|payment_id|event_id|event_ids)$/.test(column),
      );
      const text = JSON.stringify([table, Object.fromEntries(kept)]);
      found.push(
        text
          .replaceAll(name, 'run')
          .replaceAll(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"id"')
          .replaceAll(/"20[23]\d-\d\d-\d\dT[^"]*"/g, '"time"'),
      );
    }
  }
  return found.sort();
}

describe('Payments that are recorded together', () => {
  it('leave every row of every table as if each had been recorded by itself', async () => {
    const [single, batch] = [await holds(4), await holds(4)];
    for (const index of [0, 1, 2]) await alone(payment(single, index));
    expect(await recorded([0, 1, 2].map((index) => payment(batch, index)))).toEqual(
      Array(3).fill('recorded'),
    );
    const rowsOfBatch = await written(batch);
    expect(rowsOfBatch).toEqual(await written(single));
    expect(rowsOfBatch.filter((row) => row.includes('"public.payments"'))).toHaveLength(3);
    expect(rowsOfBatch.filter((row) => row.includes('"public.seats"')).join()).toBe(
      (await written(single)).filter((row) => row.includes('"public.seats"')).join(),
    );
  });

  it('are those alone that are plain; of each other nothing is written', async () => {
    const name = await holds(9);
    await alone(payment(name, 0));
    await run(
      `update reservations set hold_ends_at = now(), created_at = now() - interval '1 hour' where id = $1`,
      [`${name}-1`],
    );
    await run(
      `insert into early_events (kind, payment_references, told, actor) values ('dispute', array[$1], '{}', 'test')`,
      [`${name}-pay-2`],
    );
    const before = await written(name);
    const results = await recorded([
      payment(name, 0),
      // Its hold has ended.
      payment(name, 1),
      // A dispute of it came first.
      payment(name, 2),
      payment(name, 3, { amount: PRICE + 1 }),
      payment(name, 4, { currency: 'USD' }),
      payment(name, 99),
      // A reference that another reservation has paid with; and the second of two for one reservation.
      payment(name, 5, { reference: `${name}-pay-0` }),
      payment(name, 6),
      payment(name, 6, { reference: `${name}-again` }),
    ]);
    expect(results).toEqual([null, null, null, null, null, null, null, 'recorded', null]);
    const after = await written(name);
    expect(after.filter((row) => row.includes('"public.payments"'))).toHaveLength(2);
    expect(after.filter((row) => !before.includes(row) && !/run-(pay-)?6\b/.test(row))).toEqual([]);
  });

  it('wait for nobody: what somebody else has locked is left out, at once', async () => {
    const name = await holds(5);
    await db.transaction(async (tx) => {
      await tx.rows(named(`select from reservations where id = $1 for update`), [`${name}-0`]);
      await tx.rows(
        named(
          `select from seats where id in (select seat_id from allocations where reservation_id = $1) for update`,
        ),
        [`${name}-1`],
      );
      await tx.rows(named(`select pg_advisory_xact_lock(hashtextextended('payment:' || $1, 0))`), [
        `${name}-pay-2`,
      ]);
      await tx.rows(named(`select pg_advisory_xact_lock(2, hashtext($1))`), [`${name}-3`]);
      expect(await recorded([0, 1, 2, 3, 4].map((index) => payment(name, index)))).toEqual([
        null,
        null,
        null,
        null,
        'recorded',
      ]);
    });
  });
});
