import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { createDatabase, sql, type Database, type Queryable } from '../../src/db/database';
import { createEvent } from '../../src/db/events';
import { takeSeats } from '../../src/db/holds';
import { extendHold, recordCancelRequest, recordPayment } from '../../src/db/payments';
import { releaseOverdueHold, settleInbox } from '../../src/db/settlement';
import { sweep } from '../../src/db/sweep';
import { layOutSeats } from '../../src/domain/seat-map';
import { createTestDatabase } from '../support/system';

const SEATS = ['A-1', 'A-2', 'A-3'];
const PRICE = 100;
const sign = ({ ticketId }: { ticketId: string }) => `code-${ticketId}`;

/** One thing that somebody does; ids and references are numbers that each run gives names of its own. */
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      id: fc.nat(2),
      seats: fc.subarray(SEATS, { minLength: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      id: fc.nat(2),
      reference: fc.nat(4),
      seats: fc.integer({ min: 1, max: 3 }),
      strict: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), id: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('extend' as const), id: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), id: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), id: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), id: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Lets the hold's time be over now, as if it had been taken long ago. Pinned holds stay pinned. */
const END_SEATS = sql(
  'test_end_seats',
  `update seats set hold_ends_at = clock_timestamp() where reservation_id = $1 and status = 'held' and hold_ends_at <> 'infinity'`,
);
const END = sql(
  'test_end',
  `update reservations set created_at = created_at - interval '1 hour', hold_ends_at = clock_timestamp(), hold_cap_at = clock_timestamp() + interval '1 hour'
    where id = $1 and status = 'held' and paid_in_time_at is null`,
);

const WRONG = sql(
  'test_wrong',
  // Each row is a sentence about something that must never be.
  `with mine as (select * from reservations where id like $1 || '%')
   select 'confirmed without all its seats: ' || r.id as wrong from mine r where r.status = 'confirmed' and (
       r.total <> (select sum(a.price) from allocations a where a.reservation_id = r.id)
       or exists (select from allocations a join seats s on s.id = a.seat_id where a.reservation_id = r.id
                  and (s.reservation_id is distinct from r.id or s.status <> 'sold' or a.released_at is not null)))
   union all
   select 'confirmed but not paid exactly: ' || r.id from mine r where r.status = 'confirmed' and not exists (
       select from payments p where p.reference = r.confirmed_by and p.role = 'confirming' and p.status = 'captured' and p.amount = r.total)
   union all
   select 'ended but owns seats: ' || r.id from mine r join seats s on s.reservation_id = r.id where r.status in ('expired', 'cancelled')
   union all
   select 'ended but has open allocations: ' || r.id from mine r join allocations a on a.reservation_id = r.id
    where r.status in ('expired', 'cancelled') and a.released_at is null
   union all
   select 'valid tickets without a sale: ' || r.id from mine r join tickets t on t.reservation_id = r.id where r.status <> 'confirmed' and t.status <> 'void'
   union all
   select 'sold seat without a ticket: ' || r.id from mine r join allocations a on a.reservation_id = r.id
    where r.status = 'confirmed' and not exists (select from tickets t where t.reservation_id = r.id and t.seat_id = a.seat_id and t.status = 'valid')
   union all
   select 'money neither earned nor going back: ' || p.reference from payments p
    where p.reference like $1 || '%' and not (
       (p.status = 'captured' and p.role = 'confirming' and exists (select from reservations r where r.confirmed_by = p.reference and r.status = 'confirmed'))
       or (p.status = 'refunding' and (select count(*) from outbox o where o.kind = 'refund' and o.subject = p.reference) = 1)
       or (p.role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id)))
   union all
   select 'unhandled mail: ' || i.reservation_id from inbox i join mine r on r.id = i.reservation_id where i.handled_at is null
   union all
   select 'more than one confirmation in the history: ' || h.reservation_id from history h join mine r on r.id = h.reservation_id
    where h.type = 'reservation.confirmed' group by h.reservation_id having count(*) > 1`,
);

let db: Database;

beforeAll(async () => {
  const url = await createTestDatabase();
  const env = { PATH: process.env.PATH, DATABASE_URL: url };
  await promisify(execFile)(process.execPath, [join(__dirname, '../../dist/src/cli/migrate.js')], {
    env,
  });
  db = createDatabase({
    url,
    pool: 12,
    prepared: true,
    applicationName: 'holdfast-test',
    queryTimeoutMs: 120_000,
  });
});
afterAll(() => db.close());

async function newEvent(): Promise<string> {
  const slug = `event-${randomUUID().slice(0, 13)}`;
  const sections = [{ name: 'S', category: 'a', rows: [{ name: 'A', seats: SEATS.length }] }];
  await createEvent(db, {
    slug,
    name: slug,
    venue: null,
    startsAt: '2030-01-01T00:00:00Z',
    timeZone: 'UTC',
    currency: 'EUR',
    salesOpenAt: null,
    salesCloseAt: null,
    holdTtlSeconds: 600,
    holdCapSeconds: null,
    maxSeatsPerReservation: 10,
    categories: [{ code: 'a', name: 'A', price: PRICE }],
    seats: layOutSeats(sections).seats,
  });
  return slug;
}

async function carryOut(what: Command, event: string, run: string): Promise<void> {
  const id = 'id' in what ? `${run}-${what.id}` : '';
  switch (what.do) {
    case 'hold':
      await takeSeats(db, {
        id,
        client: 'shop',
        fingerprint: Buffer.from(what.seats.join()),
        event,
        labels: what.seats,
        buyer: { name: 'Ada', email: 'ada@example.org' },
        defaultTtlSeconds: 600,
        buyerCap: null,
        actor: 'test',
      });
      return;
    case 'pay': {
      const notice = {
        reference: `${run}-pay-${what.reference}`,
        reservationId: id,
        amount: what.seats * PRICE,
        currency: 'EUR',
      };
      await recordPayment(
        db,
        { ...notice, source: 'standard', actor: 'test' },
        { strict: what.strict, testProvider: true },
      );
      return;
    }
    case 'cancel':
      await recordCancelRequest(db, id, 'test');
      return;
    case 'extend':
      await extendHold(db, id, 600, 'test');
      return;
    case 'settle':
      await settleInbox(db, id, sign);
      return;
    case 'release':
      await releaseOverdueHold(db, id);
      return;
    case 'end':
      await db.transaction(async (tx) => {
        await tx.run(END_SEATS, [id]);
        await tx.run(END, [id]);
      });
      return;
    case 'sweep':
      await sweep(db);
  }
}

describe('Whatever happens in whatever order, and at the same time', () => {
  it('no seat has two owners, no money is lost and no sale is half', async () => {
    const lanes = fc.array(fc.array(command, { minLength: 4, maxLength: 14 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(lanes, async (plan) => {
        const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
        await Promise.all(
          plan.map(async (lane) => {
            for (const what of lane) await carryOut(what, event, run);
          }),
        );
        // What the actors would do in the end.
        for (const id of [0, 1, 2]) await settleInbox(db, `${run}-${id}`, sign);
        const wrong = await db.rows<{ wrong: string }>(WRONG, [run]);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 120, endOnFailure: true },
    );
  });
});

const OWNERS = sql(
  'test_owners',
  `select s.label, s.status, s.reservation_id as owner from allocations a join seats s on s.id = a.seat_id
    where a.reservation_id = $1 order by s.id`,
);

describe('In an order that is rare', () => {
  it('the end of a hold leaves alone the seats that another buyer has taken since', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    await carryOut({ do: 'hold', id: 0, seats: ['A-1', 'A-2'] }, event, run);
    await carryOut({ do: 'end', id: 0 }, event, run);
    await carryOut({ do: 'hold', id: 1, seats: ['A-1'] }, event, run);
    await carryOut({ do: 'release', id: 0 }, event, run);
    expect(await db.rows(OWNERS, [`${run}-1`])).toEqual([
      { label: 'A-1', status: 'held', owner: `${run}-1` },
    ]);
    expect(await db.rows(WRONG, [run])).toEqual([]);
  });

  it('a payment that commits after a later one was handled is handled too', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    const id = `${run}-0`;
    const pay = (tx: Queryable, reference: string) => {
      const money = { reservationId: id, amount: PRICE, currency: 'EUR' };
      const notice = {
        reference: `${run}-${reference}`,
        ...money,
        source: 'standard' as const,
        actor: 'test',
      };
      return recordPayment(tx, notice, { strict: false, testProvider: true });
    };
    // Both come before the reservation, so no lock of it puts them in order.
    await db.transaction(async (tx) => {
      await pay(tx, 'slow');
      await pay(db, 'quick');
      await carryOut({ do: 'hold', id: 0, seats: ['A-1'] }, event, run);
      await settleInbox(db, id, sign);
    });
    await settleInbox(db, id, sign);
    expect(await db.rows(WRONG, [run])).toEqual([]);
  });
});

const FORGET_OUTBOX = sql('test_forget_outbox', 'delete from outbox where subject = $1');
const OUTBOX = sql('test_outbox', 'select kind from outbox where subject = $1 order by id');

describe('An actor that waits', () => {
  it.each<[string, Command]>([
    ['a payment', { do: 'pay', id: 0, reference: 0, seats: 1, strict: false }],
    ['a confirm', { do: 'pay', id: 0, reference: 0, seats: 1, strict: true }],
    ['a cancel', { do: 'cancel', id: 0 }],
    ['an extension', { do: 'extend', id: 0 }],
  ])('is rung for %s', async (_what, command) => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    await carryOut({ do: 'hold', id: 0, seats: ['A-1'] }, event, run);
    await db.run(FORGET_OUTBOX, [`${run}-0`]);
    await carryOut(command, event, run);
    expect(await db.rows(OUTBOX, [`${run}-0`])).toEqual([{ kind: 'ring' }]);
  });
});
