import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql, type Database, type Queryable } from '../../src/db/database';
import { createCode, NO_CODE_RULES } from '../../src/db/codes';
import { createEvent, NO_RULES } from '../../src/db/events';
import { NOTHING_MORE, takeSeats } from '../../src/db/holds';
import { extendHold, recordCancelRequest, recordPayment } from '../../src/db/payments';
import {
  findRefundablePayment,
  moveRefund,
  orderRefund,
  recordDispute,
  recordProviderRefund,
  recordRefundedTotal,
} from '../../src/db/refunds';
import { releaseOverdueHold, settleInbox } from '../../src/db/settlement';
import { sweep } from '../../src/db/sweep';
import { layOutSeats } from '../../src/domain/seat-map';
import { openTestDatabase } from '../support/system';

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
      // And a seat of another event, all or nothing.
      elsewhere: fc.boolean(),
      code: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      id: fc.nat(2),
      reference: fc.nat(4),
      seats: fc.integer({ min: 1, max: 4 }),
      strict: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), id: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('extend' as const), id: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), id: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), id: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), id: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      id: fc.nat(2),
      amount: fc.integer({ min: 1, max: 2 * PRICE }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      reference: fc.nat(4),
      status: fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('told' as const),
      reference: fc.nat(4),
      refund: fc.nat(2),
      amount: fc.integer({ min: 1, max: 4 * PRICE }),
      status: fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('total' as const),
      reference: fc.nat(4),
      amount: fc.integer({ min: 1, max: 4 * PRICE }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('dispute' as const),
      reference: fc.nat(4),
      status: fc.constantFrom('open' as const, 'won' as const, 'lost' as const),
    }),
  },
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

const END_USE = sql(
  'test_end_use',
  `update code_uses set hold_ends_at = clock_timestamp() where reservation_id = $1 and status = 'held' and hold_ends_at <> 'infinity'`,
);

const OLDEST_REFUND = sql<{ id: string }>(
  'test_oldest_refund',
  `select f.id from refunds f join payments p on p.id = f.payment_id
    where p.reference = $1 and f.given_by = 'test' order by f.created_at limit 1`,
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
       select from payments p where p.reference = r.confirmed_by and p.role = 'confirming' and p.amount = r.total)
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
       (p.role = 'confirming' and exists (select from reservations r where r.confirmed_by = p.reference and r.status = 'confirmed'))
       or payment_left(p.id) = 0 or exists (select from refunds f where f.payment_id = p.id and f.status = 'failed')
       or (p.role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id)))
   union all
   select 'a refund that no provider will be asked for: ' || f.id from refunds f join payments p on p.id = f.payment_id
    where p.reference like $1 || '%' and f.status = 'pending' and f.given_by = 'test'
      and not exists (select from outbox o where o.kind = 'refund_order' and o.subject = f.id::text)
   union all
   select 'more was ordered than captured: ' || p.reference from payments p
    where p.reference like $1 || '%' and p.amount < (select sum(f.amount) from refunds f where f.payment_id = p.id and f.status <> 'failed' and f.given_by <> 'provider')
   union all
   select 'more was refunded than captured, and no note: ' || p.reference from payments p
    where p.reference like $1 || '%' and p.amount < (select sum(f.amount) from refunds f where f.payment_id = p.id and f.status = 'succeeded')
      and not exists (select from notes n where n.reference = p.reference and n.kind = 'refund_excess')
   union all
   select 'a sum beside the payment is wrong: ' || p.reference from payments p
    where p.reference like $1 || '%' and (p.refund_ordered, p.refunded) <>
      (select coalesce(sum(f.amount) filter (where f.status <> 'failed' and f.given_by <> 'provider'), 0), coalesce(sum(f.amount) filter (where f.status = 'succeeded'), 0)
         from refunds f where f.payment_id = p.id)
   union all
   select 'a refund is told otherwise than it is: ' || f.id from refunds f join payments p on p.id = f.payment_id join mine r on r.id = p.reservation_id
    where (f.given_by <> 'provider' or exists (select from history h where h.data ->> 'refund' = f.id::text and h.type = 'refund.created'))
      and ((select count(*) from history h where h.data ->> 'refund' = f.id::text and h.type = 'refund.created') <> 1
       or (f.status = 'succeeded') <> coalesce((select h.type = 'refund.succeeded' from history h where h.data ->> 'refund' = f.id::text
             and h.type <> 'refund.created' order by h.id desc limit 1), false))
   union all
   select 'a sale with the code has no use of it: ' || r.id from mine r where r.status = 'confirmed' and r.code_id is not null
      and not exists (select from code_uses u where u.reservation_id = r.id and u.status = 'used')
   union all
   select 'ended but has a use of the code: ' || r.id from mine r join code_uses u on u.reservation_id = r.id where r.status in ('expired', 'cancelled')
   union all
   select 'unhandled mail: ' || i.reservation_id from inbox i join mine r on r.id = i.reservation_id where i.handled_at is null
   union all
   select 'more than one confirmation in the history: ' || h.reservation_id from history h join mine r on r.id = h.reservation_id
    where h.type = 'reservation.confirmed' group by h.reservation_id having count(*) > 1`,
);

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 12, queryTimeoutMs: 120_000 });
});
afterAll(() => db.close());

/** Two events, and a code of one use that takes nothing off, for both. @returns the slug of the first */
async function newEvent(): Promise<string> {
  const slug = await oneEvent();
  await oneEvent(otherOf(slug));
  await createCode(
    db,
    {
      ...NO_CODE_RULES,
      code: codeOf(slug),
      maxUses: 1,
      salesOpenAt: '2020-01-01T00:00:00Z',
    },
    null,
  );
  return slug;
}

const otherOf = (event: string) => `${event}-too`;
const codeOf = (event: string) => event.toUpperCase();

async function oneEvent(slug = `event-${randomUUID().slice(0, 13)}`): Promise<string> {
  const sections = [{ name: 'S', category: 'a', rows: [{ name: 'A', seats: SEATS.length }] }];
  await createEvent(db, {
    ...NO_RULES,
    slug,
    name: slug,
    venue: null,
    startsAt: '2030-01-01T00:00:00Z',
    timeZone: 'UTC',
    currency: 'EUR',
    holdTtlSeconds: 600,
    maxSeatsPerReservation: 10,
    categories: [{ code: 'a', name: 'A', price: PRICE }],
    seats: layOutSeats(sections).seats,
  });
  return slug;
}

async function carryOut(what: Command, event: string, run: string): Promise<void> {
  const id = 'id' in what ? `${run}-${what.id}` : '';
  const reference = 'reference' in what ? `${run}-pay-${what.reference}` : '';
  switch (what.do) {
    case 'hold':
      await takeSeats(db, {
        id,
        client: 'shop',
        fingerprint: Buffer.from(JSON.stringify(what)),
        ...NOTHING_MORE,
        seats: [
          ...what.seats.map((label) => ({ event, label, priceType: null })),
          ...(what.elsewhere ? [{ event: otherOf(event), label: 'A-1', priceType: null }] : []),
        ],
        code: what.code ? codeOf(event) : null,
        buyer: { name: 'Ada', email: 'ada@example.org' },
        defaultTtlSeconds: 600,
        buyerCap: null,
        actor: 'test',
      });
      return;
    case 'pay': {
      const notice = {
        reference,
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
        await tx.run(END_USE, [id]);
        await tx.run(END_SEATS, [id]);
        await tx.run(END, [id]);
      });
      return;
    case 'sweep':
      await sweep(db, {
        budgetMs: 60_000,
        onFault: (_what, error) => {
          throw error;
        },
      });
      return;
    case 'refund': {
      const payment = await findRefundablePayment(db, id, null);
      if (!payment) return;
      const { amount } = what;
      await orderRefund(db, { paymentId: payment.id, amount, reason: 'operator', actor: 'test' });
      return;
    }
    case 'answer':
      for (const { id: refund } of await db.rows(OLDEST_REFUND, [reference])) {
        const error = what.status === 'failed' ? 'declined' : null;
        await moveRefund(db, refund, { status: what.status, error, actor: 'test', wake: false });
      }
      return;
    case 'told':
      await recordProviderRefund(
        db,
        {
          references: [reference],
          providerRefundId: `${run}-re-${what.reference}-${what.refund}`,
          refundId: null,
          amount: what.amount,
          currency: 'EUR',
          status: what.status,
          error: null,
        },
        'stripe',
      );
      return;
    case 'total':
      await recordRefundedTotal(
        db,
        { references: [reference], amount: what.amount, currency: 'EUR' },
        'stripe',
      );
      return;
    case 'dispute':
      await recordDispute(
        db,
        {
          references: [reference],
          id: `${run}-dp-${what.reference}`,
          amount: PRICE,
          status: what.status,
        },
        'stripe',
      );
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
    await carryOut(
      { do: 'hold', id: 0, seats: ['A-1', 'A-2'], elsewhere: false, code: false },
      event,
      run,
    );
    await carryOut({ do: 'end', id: 0 }, event, run);
    await carryOut(
      { do: 'hold', id: 1, seats: ['A-1'], elsewhere: false, code: false },
      event,
      run,
    );
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
      await carryOut(
        { do: 'hold', id: 0, seats: ['A-1'], elsewhere: false, code: false },
        event,
        run,
      );
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
    await carryOut(
      { do: 'hold', id: 0, seats: ['A-1'], elsewhere: false, code: false },
      event,
      run,
    );
    await db.run(FORGET_OUTBOX, [`${run}-0`]);
    await carryOut(command, event, run);
    expect(await db.rows(OUTBOX, [`${run}-0`])).toEqual([{ kind: 'ring' }]);
  });
});
