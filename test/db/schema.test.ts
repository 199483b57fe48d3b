import { readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDatabase, sql, violatedConstraint, type Database } from '../../src/db/database';
import { readHistory } from '../../src/db/history';
import { HISTORY_TYPES } from '../../src/domain/history-types';
import { createTestDatabase } from '../support/system';
import { dumpSchema } from '../support/schema-dump';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const SCHEMA_FILE = join(__dirname, 'schema.txt');

let url: string;
let db: Database;
let event: string;
let seats: number[];

const migrate = () =>
  run(process.execPath, [join(root, 'dist/src/cli/migrate.js')], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  });

/** Raw SQL, as a buggy program would send it. */
const raw = (text: string, values: unknown[] = []) => db.rows(sql(`raw:${text}`, text), values);

/** The constraint that a transaction of raw SQL runs into. */
async function refusalOf(...statements: [string, unknown[]?][]): Promise<string | undefined> {
  try {
    await db.transaction(async (tx) => {
      for (const [text, values] of statements) await tx.rows(sql(`raw:${text}`, text), values);
    });
    return undefined;
  } catch (error) {
    const name = violatedConstraint(error);
    if (name === undefined) throw error;
    return name;
  }
}

let reservations = 0;
const newId = () => `reservation-${++reservations}`;

/** A reservation, written by hand. */
async function reservation(id = newId()): Promise<string> {
  await raw(
    `insert into reservations (id, event_id, total, currency, created_at, hold_ends_at, hold_cap_at)
     values ($1, $2, 100, 'EUR', now(), now() + interval '10 minutes', now() + interval '30 minutes')`,
    [id, event],
  );
  return id;
}

const ALLOCATE = 'insert into allocations (reservation_id, seat_id, price) values ($1, $2, 100)';
const SELL = `update seats set status = 'sold', reservation_id = $1, hold_ends_at = null where id = $2`;
const PAY = `insert into payments (reference, reservation_id, amount, currency, source, role) values ($2, $1, 100, 'EUR', 'client', 'confirming')`;
const CONFIRM = `update reservations set status = 'confirmed', confirmed_by = $2, confirmed_at = now() where id = $1`;

/** A confirmed reservation of one seat, as it should be. */
async function sold(seat: number): Promise<{ id: string; reference: string }> {
  const id = await reservation();
  const reference = `pay-${id}`;
  expect(
    await refusalOf(
      [ALLOCATE, [id, seat]],
      [PAY, [id, reference]],
      [CONFIRM, [id, reference]],
      [SELL, [id, seat]],
    ),
  ).toBeUndefined();
  return { id, reference };
}

beforeAll(async () => {
  url = await createTestDatabase();
  // Three at once: each waits for the one before, and the schema is there once.
  await Promise.all([migrate(), migrate(), migrate()]);
  db = createDatabase({ url, pool: 4, prepared: false, applicationName: 'holdfast-test' });
  const [made] = await raw(
    `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
     values ('hamlet', 'Hamlet', now(), 'UTC', 'EUR', 10) returning id`,
  );
  event = (made as { id: string }).id;
  await raw(`insert into price_categories values ($1, 'a', 'A', 100, 1)`, [event]);
  const rows = await raw(
    `insert into seats (event_id, label, section, category_code) select $1, 'S-' || n, 'S', 'a' from generate_series(1, 30) n returning id`,
    [event],
  );
  seats = rows.map((row) => (row as { id: number }).id);
});
afterAll(() => db.close());

describe('The schema', () => {
  it('is what test/db/schema.txt says', async () => {
    const dump = await dumpSchema(db);
    if (process.env.UPDATE_SCHEMA) writeFileSync(SCHEMA_FILE, dump);
    expect(dump).toBe(readFileSync(SCHEMA_FILE, 'utf8'));
  });

  it('is migrated again without harm', async () => {
    const { stdout } = await migrate();
    expect(stdout).toContain('up to date');
  });

  it("shows a history that release 1.0 wrote under today's names", async () => {
    const id = await reservation();
    for (const type of ['held', 'payment_received', 'confirmed', 'mail_sent', 'checked_in']) {
      await raw('insert into history (reservation_id, type, actor) values ($1, $2, $3)', [
        id,
        type,
        'test',
      ]);
    }
    expect((await readHistory(db, id, 0, 10)).map((entry) => entry.type)).toEqual([
      'reservation.held',
      'payment.received',
      'reservation.confirmed',
      'tickets.mailed',
      'ticket.checked_in',
    ]);
  });
});

describe('However a program errs, the database refuses', () => {
  it('to give one seat to two reservations', async () => {
    const [first, second] = [await reservation(), await reservation()];
    expect(await refusalOf([ALLOCATE, [first, seats[0]]], [ALLOCATE, [second, seats[0]]])).toBe(
      'allocations_one_owner_per_seat',
    );
  });

  it('to confirm a reservation whose seat belongs to another', async () => {
    await sold(seats[1]!);
    const loser = await reservation();
    const refusal = await refusalOf(
      [
        `insert into allocations (reservation_id, seat_id, price, released_at) values ($1, $2, 100, now())`,
        [loser, seats[1]],
      ],
      [PAY, [loser, 'pay-loser']],
      [CONFIRM, [loser, 'pay-loser']],
    );
    expect(refusal).toBe('reservations_confirmed_owns_its_seats');
  });

  it('to confirm a reservation without seats', async () => {
    const id = await reservation();
    expect(await refusalOf([PAY, [id, 'pay-empty']], [CONFIRM, [id, 'pay-empty']])).toBe(
      'reservations_confirmed_owns_its_seats',
    );
  });

  it('to sell a seat without a reservation', async () => {
    expect(await refusalOf([`update seats set status = 'sold' where id = $1`, [seats[2]]])).toBe(
      'seats_owner_matches_status',
    );
  });

  it('to sell a seat to a reservation that does not claim it', async () => {
    const id = await reservation();
    expect(await refusalOf([SELL, [id, seats[3]]])).toBe('seats_owner_has_an_allocation');
  });

  it('to sell a seat to a reservation that is not confirmed', async () => {
    const id = await reservation();
    expect(await refusalOf([ALLOCATE, [id, seats[4]]], [SELL, [id, seats[4]]])).toBe(
      'seats_sold_to_confirmed',
    );
  });

  it('to take the confirmation back while seats stay sold', async () => {
    const { id } = await sold(seats[5]!);
    const statement = `update reservations set status = 'cancelled', ended_at = now() where id = $1`;
    expect(await refusalOf([statement, [id]])).toBe('reservations_unconfirmed_keeps_no_seat');
  });

  it('to confirm without a payment', async () => {
    const id = await reservation();
    expect(
      await refusalOf([`update reservations set status = 'confirmed' where id = $1`, [id]]),
    ).toBe('reservations_confirmed_by_a_payment');
  });

  it('to confirm with the payment of another reservation', async () => {
    const { reference } = await sold(seats[6]!);
    const id = await reservation();
    const refusal = await refusalOf([CONFIRM, [id, reference]]);
    expect(refusal).toBe('reservations_confirmed_by_own_payment');
  });

  it('a second confirmation of one reservation', async () => {
    const { id } = await sold(seats[7]!);
    expect(await refusalOf([PAY, [id, 'pay-second']])).toBe('payments_one_confirms_a_reservation');
  });

  it('a negative price, total or amount', async () => {
    const id = await reservation();
    expect(
      await refusalOf([`insert into price_categories values ($1, 'b', 'B', -1, 2)`, [event]]),
    ).toBe('price_categories_price_not_negative');
    expect(await refusalOf([`update reservations set total = -1 where id = $1`, [id]])).toBe(
      'reservations_total_not_negative',
    );
    expect(
      await refusalOf([
        `insert into allocations (reservation_id, seat_id, price) values ($1, $2, -1)`,
        [id, seats[8]],
      ]),
    ).toBe('allocations_price_not_negative');
    expect(
      await refusalOf([
        `insert into payments (reference, reservation_id, amount, currency, source) values ('n', 'n', -1, 'EUR', 'client')`,
      ]),
    ).toBe('payments_amount_not_negative');
  });

  it('two live tickets for one seat', async () => {
    const { id } = await sold(seats[9]!);
    const issue = `insert into tickets (id, reservation_id, seat_id, code) values (gen_random_uuid(), $1, $2, $3)`;
    expect(
      await refusalOf([issue, [id, seats[9], 'code-1']], [issue, [id, seats[9], 'code-2']]),
    ).toBe('tickets_one_live_per_seat');
  });

  it('to handle one payment twice, or to keep one reference twice', async () => {
    const pay = `insert into payments (reference, reservation_id, amount, currency, source, proven_by) values ('twice', 'reservation-x', 1, 'EUR', 'stripe', 'stripe')`;
    const elsewhere = pay.replace('reservation-x', 'reservation-y');
    const inbox = `insert into inbox (reservation_id, kind, reference, actor) values ('reservation-x', 'payment', 'twice', 'stripe')`;
    expect(await refusalOf([pay], [pay])).toBe('payments_of_one_reservation');
    expect(await refusalOf([pay], [elsewhere])).toBe('payments_proven_once');
    expect(await refusalOf([pay], [inbox], [inbox])).toBe('inbox_payment_once');
  });

  it('to order more back than was captured, in one refund or in several', async () => {
    const pay = `insert into payments (reference, reservation_id, amount, currency, source) values ('odd', 'reservation-x', 10, 'EUR', 'stripe')`;
    const refund = (amount: number, more = '') =>
      `insert into refunds (payment_id, amount, given_by, reason ${more && ', status, error'})
       select id, ${amount}, 'client', 'operator' ${more} from payments where reference = 'odd'`;
    expect(await refusalOf([pay], [refund(11)])).toBe('payments_refunds_within_amount');
    expect(await refusalOf([pay], [refund(6)], [refund(5)])).toBe('payments_refunds_within_amount');
    const failed = refund(6, `, 'failed', 'declined'`);
    expect(await refusalOf([pay], [failed], [refund(10)], [refund(1)])).toBe(
      'payments_refunds_within_amount',
    );
  });

  it('a refund that succeeded without a time, or failed without a reason', async () => {
    const pay = `insert into payments (reference, reservation_id, amount, currency, source) values ('odd', 'reservation-x', 10, 'EUR', 'stripe')`;
    const refund = (status: string) =>
      `insert into refunds (payment_id, amount, status, given_by, reason) select id, 1, '${status}', 'client', 'operator' from payments where reference = 'odd'`;
    expect(await refusalOf([pay], [refund('succeeded')])).toBe('refunds_success_is_dated');
    expect(await refusalOf([pay], [refund('failed')])).toBe('refunds_failure_has_a_reason');
  });

  it('a history entry of a type that is not on the list, which is the one of the rules', async () => {
    const id = await reservation();
    const write = 'insert into history (reservation_id, type, actor) values ($1, $2, $3)';
    for (const type of HISTORY_TYPES) await raw(write, [id, type, 'test']);
    expect(await refusalOf([write, [id, 'reservation.imagined', 'test']])).toBe(
      'history_type_known',
    );
  });

  it('to change or delete what is written in the history', async () => {
    const id = await reservation();
    await raw(
      `insert into history (reservation_id, type, actor) values ($1, 'reservation.held', 'test')`,
      [id],
    );
    expect(
      await refusalOf([
        `update history set type = 'reservation.confirmed' where reservation_id = $1`,
        [id],
      ]),
    ).toBe('history_append_only');
    expect(await refusalOf([`delete from history where reservation_id = $1`, [id]])).toBe(
      'history_append_only',
    );
    expect(await refusalOf([`truncate history`])).toBe('history_append_only');
  });

  it('a hold without an end, or one that outlives its cap', async () => {
    const id = await reservation();
    expect(
      await refusalOf(
        [ALLOCATE, [id, seats[10]]],
        [`update seats set status = 'held', reservation_id = $1 where id = $2`, [id, seats[10]]],
      ),
    ).toBe('seats_hold_has_an_end');
    expect(
      await refusalOf([
        `update reservations set hold_ends_at = hold_cap_at + interval '1 s' where id = $1`,
        [id],
      ]),
    ).toBe('reservations_hold_within_cap');
  });

  it('an id that no client may use as a key', async () => {
    await expect(reservation('settle:reservation-1')).rejects.toMatchObject({
      constraint: 'reservations_id_form',
    });
  });
});
