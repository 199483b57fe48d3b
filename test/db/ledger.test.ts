import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql, type Database } from '../../src/db/database';
import { moneyChecks } from '../../src/db/checks/money';
import { readReport } from '../../src/db/report';
import { runChecks } from '../../src/db/verify';
import { openTestDatabase } from '../support/system';
import { fillOrders, runAll } from '../../proof/big-database/fill-orders';

const MIGRATIONS = join(__dirname, '../../migrations');
const LEDGER = '0014_ledger.sql';

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 3, prepared: false });
});
afterAll(() => db.close());

const raw = <Row>(text: string) => db.rows(sql<Row>('', text));
/** What the ledger's migration posts of all that was there before. */
function postingsOfTheMigration(): string {
  const text = readFileSync(join(MIGRATIONS, LEDGER), 'utf8');
  return text.slice(
    text.indexOf('create temporary table old_sale'),
    text.indexOf('create trigger ledger_adds_up'),
  );
}

/** An order of two events with a code, fees and both kinds of tax; and what becomes of its money. */
const order = (id: string, becomes: string[]) => [
  `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
     select format('%s-%s', '${id}', n), 'Old', now() + interval '1 year', 'UTC', 'EUR', 10 from generate_series(1, 2) n`,
  `insert into price_categories (event_id, code, name, price, ordinal) select id, 'all', 'All', 1000, 1 from events where slug like '${id}-%'`,
  `insert into seats (event_id, label, section, category_code)
     select e.id, 'S-' || n, 'S', 'all' from events e, generate_series(1, 2) n where slug like '${id}-%' order by slug, n`,
  `insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by, role, received_at)
     values ('pay-${id}', '${id}', 4400, 'EUR', 'standard', 'standard', 'test', 'confirming', now() - interval '1 hour')`,
  `insert into reservations (id, event_id, event_ids, client, status, total, currency, created_at, hold_ends_at, hold_cap_at,
                             confirmed_by, confirmed_at, delivered_at, fees, taxes)
     select '${id}', ids[1], ids, 'old', 'confirmed', 4400, 'EUR', now() - interval '2 hours', now(), now(), 'pay-${id}',
            now() - interval '1 hour', now(),
            '[{"event": "${id}-1", "code": "booking", "amount": 300, "refundable": false}]',
            '[{"event": "${id}-1", "percent": "21", "included": true, "amount": 364}, {"event": "${id}-2", "percent": "3", "included": false, "amount": 300}]'
       from (select array_agg(id order by slug) as ids from events where slug like '${id}-%') e`,
  `insert into allocations (reservation_id, seat_id, price, discount)
     select '${id}', s.id, 950, 50 from seats s join events e on e.id = s.event_id where e.slug like '${id}-%'`,
  `update seats set status = 'sold', reservation_id = '${id}' where id in (select seat_id from allocations where reservation_id = '${id}')`,
  ...becomes,
];
const refund = (id: string, amount: number, status = 'succeeded') =>
  `insert into refunds (payment_id, amount, status, given_by, reason, succeeded_at)
     select id, ${amount}, '${status}', 'test', 'operator', case '${status}' when 'succeeded' then now() end from payments where reference = 'pay-${id}'`;
const dispute = (id: string, status: string) =>
  `insert into disputes (id, payment_id, amount, status, closed_at)
     select 'dp-${id}', id, 998, '${status}', case '${status}' when 'open' then null else now() end from payments where reference = 'pay-${id}'`;
const cancel = (id: string) => [
  `update seats set status = 'available', reservation_id = null where reservation_id = '${id}'`,
  `update allocations set released_at = now() where reservation_id = '${id}'`,
  `update reservations set status = 'cancelled', ended_at = now() where id = '${id}'`,
];

describe('What was sold before there was a ledger', () => {
  beforeAll(async () => {
    await fillOrders(db, 200);
    for (const statements of [
      order('older-plain', []),
      order('older-refund', [refund('older-refund', 1000), refund('older-refund', 78, 'pending')]),
      order('older-open', [dispute('older-open', 'open')]),
      order('older-won', [dispute('older-won', 'won')]),
      order('older-lost', [dispute('older-lost', 'lost')]),
      order('older-cancel', [...cancel('older-cancel'), refund('older-cancel', 3000)]),
    ]) {
      await db.transaction((tx) => runAll(tx, statements));
    }
    // As the release before the ledger left it.
    await db.transaction((tx) =>
      runAll(tx, [
        'set local session_replication_role = replica',
        'delete from ledger',
        postingsOfTheMigration(),
      ]),
    );
  });

  it('is posted by the migration as it would have been', async () => {
    const checks = moneyChecks.filter(({ over, sql: text }) =>
      `${over} ${text}`.includes('ledger'),
    );
    expect(checks).toHaveLength(5);
    const results = await runChecks(db, checks);
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
    expect(results.every(({ looked }) => looked > 0)).toBe(true);

    // Each posting of before balances within each event. Nothing is left to post but units of money that were rounded
    // in each step, so that they are with another event of the order.
    const [before] = await raw<{ id: number }>('select max(id) as id from ledger');
    await raw('select post_sale(id) from reservations');
    expect(
      await raw(
        `select * from ledger where id > ${before!.id} and (account not in ('cash', 'customers', 'retained') or abs(amount) > 1)`,
      ),
    ).toEqual([]);
    const [counted] = await raw<{ lines: number }>('select count(*) as lines from ledger');
    await raw('select post_sale(id) from reservations');
    expect(await raw('select count(*) as lines from ledger')).toEqual([counted]);
    expect(
      await raw('select posting from ledger group by posting, event_id having sum(amount) <> 0'),
    ).toEqual([]);
    const [kept] = await raw<{ kept: number }>(
      `select -sum(amount)::bigint as kept from ledger where reservation_id = 'older-cancel' and account = 'retained'`,
    );
    expect(kept).toEqual({ kept: 1400 });
  });

  it('is in the report of each moment', async () => {
    const [event] = await raw<{ id: string; before: string; now: string }>(
      `select id, rfc3339(now() - interval '61 minutes') as before, rfc3339(now() + interval '1 second') as now
         from events where slug = 'older-cancel-1'`,
    );
    const { id, before, now } = event!;
    expect(await readReport(db, id, before)).toMatchObject([{ state: 'held' }, { state: 'held' }]);
    const soldAt = new Date(Date.parse(before) + 120_000).toISOString();
    const seats = (rows: Awaited<ReturnType<typeof readReport>>) =>
      rows.find(({ account }) => account === 'tickets')?.quantity;
    expect(seats(await readReport(db, id, soldAt))).toBe(2);
    expect(seats(await readReport(db, id, now))).toBe(0);
  });
});

describe('Money of an order that was changed and never sold', () => {
  it('is moved by the migration to the events that it came to', async () => {
    const [event, other] = ['never-sold-1', 'never-sold-2'].map(
      (slug) => `(select id from events where slug = '${slug}')`,
    );
    const line = (account: string, amount: number, id: string) =>
      `insert into ledger (posting, account, amount, currency, event_id, reservation_id)
         values (-9, '${account}', ${amount}, 'EUR', ${id}, 'never-sold')`;
    await db.transaction((tx) =>
      runAll(tx, [
        ...order('never-sold', []).slice(0, 3),
        `insert into reservations (id, event_id, client, total, currency, created_at, hold_ends_at, hold_cap_at)
           values ('never-sold', ${event}, 'old', 1, 'EUR', now() - interval '2 hours', now(), now())`,
        'set local session_replication_role = replica',
        ...[line('cash', 2100, event!), line('customers', -2100, event!)],
        ...[line('cash', -2100, other!), line('customers', 2100, other!)],
      ]),
    );
    const check = moneyChecks.filter(({ name }) => name.includes('never sold'));
    expect((await runChecks(db, check))[0]!.findings).toHaveLength(2);
    const text = readFileSync(join(MIGRATIONS, '0029_ledger_of_unsold_orders.sql'), 'utf8');
    await db.transaction((tx) => runAll(tx, text.split(/;\n(?=\ndo )/)));
    expect((await runChecks(db, check))[0]!.findings).toEqual([]);
  });
});

describe('The ledger refuses', () => {
  const line = (posting: number, amount: number) =>
    `insert into ledger (posting, account, amount, currency, reservation_id) values (${posting}, 'cash', ${amount}, 'EUR', 'r')`;

  it('lines that do not add up', async () => {
    await expect(raw(line(-1, 100))).rejects.toThrow('the lines of posting -1 do not add up to 0');
  });

  it('an account that is not on the list', async () => {
    await expect(raw(line(-2, 0).replace('cash', 'pocket'))).rejects.toThrow(
      'ledger_account_known',
    );
  });

  it('to change or delete what is written', async () => {
    const message = 'the ledger is append-only';
    await expect(raw('update ledger set amount = 0')).rejects.toThrow(message);
    await expect(raw('delete from ledger')).rejects.toThrow(message);
    await expect(raw('truncate ledger')).rejects.toThrow(message);
  });
});

it('A sale whose seats and price change is posted by its difference', async () => {
  const id = 'changed-sale';
  await db.transaction((tx) => runAll(tx, order(id, [])));
  const soldOf = () =>
    raw<{ event: string; sold: number; seats: number }>(
      `select e.slug as event, -sum(l.amount)::bigint as sold, sum(l.quantity)::bigint as seats from ledger l join events e on e.id = l.event_id
        where l.reservation_id = '${id}' and l.account in ('tickets', 'discounts', 'fees', 'tax', 'included_tax') group by e.slug order by e.slug`,
    );
  expect(await soldOf()).toEqual([
    { event: 'changed-sale-1', sold: 2200, seats: 2 },
    { event: 'changed-sale-2', sold: 2200, seats: 2 },
  ]);
  await db.transaction((tx) =>
    runAll(tx, [
      `update allocations set until_revision = 2, released_at = now()
        where reservation_id = '${id}' and seat_id = (select max(seat_id) from allocations where reservation_id = '${id}')`,
      `update seats set status = 'available', reservation_id = null where id = (select max(seat_id) from allocations where reservation_id = '${id}')`,
      `update reservations set revision = 2, total = total - 950 where id = '${id}'`,
      refund(id, 950),
    ]),
  );
  expect(await soldOf()).toEqual([
    { event: 'changed-sale-1', sold: 2200, seats: 2 },
    { event: 'changed-sale-2', sold: 1250, seats: 1 },
  ]);
  // The money of each event is its part again.
  expect(
    await raw(
      `select e.slug as event, sum(l.amount)::bigint as cash from ledger l join events e on e.id = l.event_id
        where l.reservation_id = '${id}' and l.account = 'cash' group by e.slug order by e.slug`,
    ),
  ).toEqual([
    { event: 'changed-sale-1', cash: 2200 },
    { event: 'changed-sale-2', cash: 1250 },
  ]);
});

it('Two transactions that change one sale at once post it once', async () => {
  const id = 'both-at-once';
  await db.transaction((tx) => runAll(tx, order(id, [])));
  await Promise.all([
    db.transaction((tx) => runAll(tx, cancel(id))),
    db.transaction((tx) => runAll(tx, [refund(id, 500, 'pending')])),
    db.transaction((tx) => runAll(tx, [refund(id, 600, 'pending')])),
  ]);
  expect(
    await raw(
      `select account, sum(amount)::bigint as amount from ledger where reservation_id = '${id}' group by account having sum(amount) <> 0 order by account`,
    ),
  ).toEqual([
    { account: 'cash', amount: 4400 },
    { account: 'customers', amount: -1100 },
    { account: 'retained', amount: -3300 },
  ]);
});
