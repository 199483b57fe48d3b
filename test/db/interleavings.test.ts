import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql, type Database, type Queryable } from '../../src/db/database';
import { createAllotment, deleteAllotment } from '../../src/db/allotments';
import {
  confirmFreeChange,
  createChange,
  lookAtChange,
  withdrawChange,
} from '../../src/db/changes';
import { checkIn, undoCheckIn } from '../../src/db/check-ins';
import { moneyChecks } from '../../src/db/checks/money';
import { seatChecks } from '../../src/db/checks/seats';
import { createCode, findCode, NO_CODE_RULES, updateCode } from '../../src/db/codes';
import { updateEvent } from '../../src/db/event-edits';
import { createEvent, findEvent, NO_RULES } from '../../src/db/events';
import { NOTHING_MORE, takeSeats } from '../../src/db/holds';
import { readLockWaits } from '../../src/db/lock-waits';
import { recordTogether } from '../../src/db/payment-batch';
import {
  extendHold,
  recordCancelRequest,
  recordPayment,
  recordUnmatchedPayment,
} from '../../src/db/payments';
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
import { confirm, lockReservation, lockToSettle } from '../../src/db/transitions';
import { readMoment, runChecks } from '../../src/db/verify';
import { layOutSeats } from '../../src/domain/seat-map';
import { eventually } from '../support/api';
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
      // Of the newest allotment.
      allotted: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      id: fc.nat(2),
      reference: fc.nat(4),
      // 0: exactly the total.
      seats: fc.nat(4),
      strict: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pay together' as const),
      // Of each the reference, if it is paid for; a hold of one seat is, in the end.
      references: fc.array(fc.option(fc.nat(4)), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      id: fc.nat(2),
      choice: fc.constantFrom(
        null,
        null,
        { refund: 'none' as const },
        { refund: PRICE, allowCheckedIn: true as const },
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      id: fc.constantFrom(0, 0, 1, 2),
      // So many of its own seats; and others than its own.
      release: fc.nat(2),
      take: fc.subarray(SEATS, { maxLength: 2 }),
      elsewhere: fc.boolean(),
      code: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pay change' as const),
      id: fc.constantFrom(0, 0, 1, 2),
      reference: fc.nat(4),
      // Beside the newest one.
      older: fc.boolean(),
      more: fc.constantFrom(0, 0, 0, -1, PRICE),
      strict: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('confirm change' as const),
      id: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), id: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('end change' as const),
      id: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('look at change' as const), id: fc.nat(2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('check in' as const),
      id: fc.nat(2),
      ticket: fc.nat(2),
      undo: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('allot' as const),
      seats: fc.subarray(SEATS, { minLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end allotment' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      price: fc.constantFrom(PRICE, 2 * PRICE),
      paused: fc.constantFrom(false, false, true),
      active: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('limit code' as const),
      maxUses: fc.constantFrom(null, null, 1, 2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pay another account' as const),
      id: fc.nat(2),
      reference: fc.nat(4),
    }),
  },
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

/**
 * Lets the hold's time be over now, as if it had been taken long ago: `now` is the same in the whole transaction. Pinned
 * holds stay pinned.
 */
const END_SEATS = sql(
  'test_end_seats',
  `update seats set hold_ends_at = now() where reservation_id = $1 and status = 'held' and hold_ends_at <> 'infinity'
      and exists (select from reservations where id = $1 and status = 'held')`,
);
const END = sql(
  'test_end',
  `update reservations set created_at = created_at - interval '1 hour', hold_ends_at = now(), hold_cap_at = clock_timestamp() + interval '1 hour'
    where id = $1 and status = 'held' and paid_in_time_at is null`,
);

const END_CHANGE_SEATS = sql(
  'test_end_change_seats',
  `update seats s set hold_ends_at = now() from changes c
    where c.reservation_id = $1 and c.status = 'quoted' and c.paid_in_time_at is null
      and s.id = any (c.taken) and s.reservation_id = $1 and s.status = 'held'`,
);
const END_CHANGE = sql(
  'test_end_change',
  `update changes set expires_at = now() where reservation_id = $1 and status = 'quoted' and paid_in_time_at is null`,
);
const CHANGE = sql<{ id: string; due: number; currency: string }>(
  'test_change',
  'select id, due, currency from changes where reservation_id = $1 order by created_at desc, id offset $2 limit 1',
);
const OWN = sql<{ event: string; label: string }>(
  'test_own_seats',
  `select e.slug as event, s.label from allocations a join seats s on s.id = a.seat_id join events e on e.id = s.event_id
    where a.reservation_id = $1 and a.until_revision is null order by s.id`,
);
const TOTAL = sql<{ total: number }>('test_total', 'select total from reservations where id = $1');
const CODE = sql<{ code: string; event: string }>(
  'test_ticket_code',
  `select t.code, s.event_id as event from tickets t join seats s on s.id = t.seat_id where t.reservation_id = $1 order by t.id offset $2 limit 1`,
);
const ALLOTMENT = sql<{ id: string }>(
  'test_allotment',
  'select id from allotments where event_id = $1 order by created_at desc limit 1',
);

const END_USE = sql(
  'test_end_use',
  `update code_uses set hold_ends_at = now() where reservation_id = $1 and status = 'held' and hold_ends_at <> 'infinity'`,
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
       r.total <> (select sum(a.price) from allocations a where a.reservation_id = r.id and a.until_revision is null)
       or exists (select from allocations a join seats s on s.id = a.seat_id where a.reservation_id = r.id and a.until_revision is null
                  and (s.reservation_id is distinct from r.id or s.status <> 'sold' or a.released_at is not null)))
   union all
   select 'confirmed but not paid: ' || r.id from mine r where r.status = 'confirmed' and not exists (
       select from payments p where p.reference = r.confirmed_by and p.role = 'confirming')
   union all
   -- What the provider gave back, or a dispute took, before the payment was handled counts as not paid.
   select 'confirmed but not paid exactly, with its changes: ' || r.id from mine r where r.status = 'confirmed'
      and not exists (select from refunds f join payments p on p.id = f.payment_id where p.reservation_id = r.id and f.given_by = 'provider')
      and not exists (select from disputes d join payments p on p.id = d.payment_id where p.reservation_id = r.id and d.status = 'lost')
      and (select sum(p.amount) from payments p where p.reservation_id = r.id and p.role = 'confirming')
        <> r.total + (select coalesce(sum(greatest(0, c.total_before - (c.result ->> 'total')::bigint)), 0) from changes c
                       where c.reservation_id = r.id and c.status = 'applied' and c.of_sale)
   union all
   select 'a change gave back something else than the difference: ' || c.id from mine r join changes c on c.reservation_id = r.id
    where c.of_sale and c.refund - c.due <> c.total_before - (c.result ->> 'total')::bigint
      -- Less, where less was left of what was paid.
      and not (c.refund < c.total_before - (c.result ->> 'total')::bigint and (
        exists (select from refunds f join payments p on p.id = f.payment_id where p.reservation_id = r.id)
        or exists (select from disputes d join payments p on p.id = d.payment_id where p.reservation_id = r.id)))
   union all
   select 'a change that was applied for less than is due: ' || c.id from mine r join changes c on c.reservation_id = r.id
    where c.of_sale and c.status = 'applied' and c.due > 0
      and not exists (select from payments p where p.change_id = c.id and p.role = 'confirming' and p.amount >= c.due)
   union all
   select 'a seat is held for a quote that is not open: ' || s.label || ' of ' || r.id from mine r join seats s on s.reservation_id = r.id
    where s.status = 'held' and r.status <> 'held'
      and not exists (select from changes c where c.reservation_id = r.id and c.status = 'quoted' and s.id = any (c.taken))
   union all
   select 'a paid quote is still open: ' || c.id from mine r join changes c on c.reservation_id = r.id where c.status = 'quoted' and c.paid_in_time_at is not null
   union all
   select 'a live ticket of a seat that was given back: ' || t.code from mine r join tickets t on t.reservation_id = r.id
    where t.status <> 'void' and not exists (select from allocations a where a.reservation_id = r.id and a.seat_id = t.seat_id and a.until_revision is null)
   union all
   select 'somebody came in with a ticket that is void, and no operator allowed it: ' || t.code from mine r join tickets t on t.reservation_id = r.id
    where t.status = 'void' and t.used_at is not null and r.cancel_choice -> 'allowCheckedIn' is distinct from 'true'
   union all
   select 'ended but owns seats: ' || r.id from mine r join seats s on s.reservation_id = r.id where r.status in ('expired', 'cancelled')
   union all
   select 'ended but has open allocations: ' || r.id from mine r join allocations a on a.reservation_id = r.id
    where r.status in ('expired', 'cancelled') and a.released_at is null
   union all
   select 'valid tickets without a sale: ' || r.id from mine r join tickets t on t.reservation_id = r.id where r.status <> 'confirmed' and t.status <> 'void'
   union all
   select 'sold seat without a ticket: ' || r.id from mine r join allocations a on a.reservation_id = r.id
    where r.status = 'confirmed' and a.until_revision is null and r.cancel_requested_at is null
      and (select count(*) from tickets t where t.reservation_id = r.id and t.seat_id = a.seat_id and t.status <> 'void') <> 1
   union all
   select 'money neither earned nor going back: ' || p.reference from payments p
    where p.reference like $1 || '%' and p.role <> 'unmatched' and not (
       (p.role = 'confirming' and exists (select from reservations r where r.id = p.reservation_id and (
          (r.status = 'confirmed' and (r.confirmed_by = p.reference or exists (select from changes c where c.id = p.change_id and c.status = 'applied')))
          -- An operator chose to give back less.
          or (r.status = 'cancelled' and r.cancel_choice ->> 'refund' is not null))))
       or payment_left(p.id) = 0 or exists (select from refunds f where f.payment_id = p.id and f.status = 'failed' and f.error <> 'superseded')
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
   select 'a sale with the code has no use of it: ' || r.id from mine r join codes k on k.id = r.code_id
    where r.status = 'confirmed' and k.max_uses is not null
      and not exists (select from code_uses u where u.reservation_id = r.id and u.status = 'used')
   union all
   select 'a use of the code ends otherwise than its hold: ' || r.id from mine r join code_uses u on u.reservation_id = r.id
    where r.status = 'held' and u.hold_ends_at is distinct from case when r.paid_in_time_at is null then r.hold_ends_at else 'infinity' end
   union all
   select 'a code has other uses than its limit: ' || k.code from codes k where k.code = upper($2) and k.max_uses is distinct from
      (select nullif(count(*), 0) from code_uses u where u.code_id = k.id)
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
  await createCode(db, codeRules(slug), null);
  return slug;
}

const codeRules = (event: string) => ({
  ...NO_CODE_RULES,
  code: codeOf(event),
  maxUses: 1,
  salesOpenAt: '2020-01-01T00:00:00Z',
});

const otherOf = (event: string) => `${event}-too`;
const codeOf = (event: string) => event.toUpperCase();

const definition = {
  ...NO_RULES,
  name: 'Hamlet',
  venue: null,
  startsAt: '2030-01-01T00:00:00Z',
  timeZone: 'UTC',
  holdTtlSeconds: 600,
  maxSeatsPerReservation: 10,
  categories: [{ code: 'a', name: 'A', price: PRICE }],
};

async function oneEvent(slug = `event-${randomUUID().slice(0, 13)}`): Promise<string> {
  const sections = [{ name: 'S', category: 'a', rows: [{ name: 'A', seats: SEATS.length }] }];
  const { seats } = layOutSeats(sections);
  await createEvent(db, { ...definition, slug, currency: 'EUR', seats });
  return slug;
}

async function newestAllotment(event: string): Promise<string | null> {
  const { id } = (await findEvent(db, event))!;
  const [newest] = await db.rows(ALLOTMENT, [id]);
  return newest?.id ?? null;
}

async function carryOut(what: Command, event: string, run: string): Promise<void> {
  const id = 'id' in what ? `${run}-${what.id}` : '';
  const reference = 'reference' in what ? `${run}-pay-${what.reference}` : '';
  switch (what.do) {
    case 'hold': {
      const allotment = what.allotted ? await newestAllotment(event) : null;
      await takeSeats(db, {
        id,
        client: 'shop',
        fingerprint: Buffer.from(JSON.stringify(what)),
        ...NOTHING_MORE,
        operator: true,
        seats: [
          ...what.seats.map((label) => ({ event, label, priceType: null, allotment })),
          ...(what.elsewhere ? [{ event: otherOf(event), label: 'A-1', priceType: null }] : []),
        ],
        code: what.code ? codeOf(event) : null,
        buyer: { name: 'Ada', email: 'ada@example.org' },
        defaultTtlSeconds: 600,
        buyerCap: null,
        actor: 'test',
      });
      return;
    }
    case 'pay': {
      const [order] = what.seats === 0 ? await db.rows(TOTAL, [id]) : [];
      const notice = {
        reference,
        reservationId: id,
        amount: order?.total ?? Math.max(1, what.seats) * PRICE,
        currency: 'EUR',
      };
      await recordPayment(
        db,
        { ...notice, source: 'standard', actor: 'test' },
        { strict: what.strict, testProvider: true },
      );
      return;
    }
    case 'pay together': {
      const payments = what.references.flatMap((number, other) =>
        number === null ? [] : [{ reference: `${run}-pay-${number}`, id: `${run}-${other}` }],
      );
      const notices = [];
      for (const { reference: paid, id: reservationId } of payments) {
        const [order] = await db.rows(TOTAL, [reservationId]);
        const money = { amount: order?.total || PRICE, currency: 'EUR' };
        const by = { source: 'standard' as const, actor: 'test' };
        notices.push({ reference: paid, reservationId, ...money, ...by });
      }
      if (notices.length === 0) return;
      const recorded = await recordTogether(db, notices, { testProvider: true });
      for (const [index, notice] of notices.entries())
        if (recorded[index] === null)
          await recordPayment(db, notice, { strict: false, testProvider: true });
      return;
    }
    case 'cancel':
      await recordCancelRequest(db, id, 'test', what.choice);
      return;
    case 'change': {
      const own = await db.rows(OWN, [id]);
      const isOther = (seat: { event: string; label: string }) =>
        !own.some(({ event: at, label }) => at === seat.event && label === seat.label);
      await createChange(
        {
          db,
          id,
          actor: 'test',
          taker: { client: 'shop', operator: true },
          keyed: null,
          defaultTtlSeconds: 600,
        },
        {
          release: own.slice(0, what.release),
          take: [
            ...what.take.map((label) => ({ event, label, priceType: null })),
            ...(what.elsewhere ? [{ event: otherOf(event), label: 'A-1', priceType: null }] : []),
          ].filter(isOther),
          priceTypes: [],
          code: what.code ? codeOf(event) : null,
        },
      );
      return;
    }
    case 'pay change': {
      const [change] = await db.rows(CHANGE, [id, what.older ? 1 : 0]);
      if (!change || change.due + what.more <= 0) return;
      const amount = change.due + what.more;
      const money = { amount, currency: change.currency, changeId: change.id };
      await recordPayment(
        db,
        { reference, reservationId: id, ...money, source: 'standard', actor: 'test' },
        { strict: what.strict, testProvider: true },
      );
      return;
    }
    case 'confirm change':
      for (const change of await db.rows(CHANGE, [id, 0]))
        await confirmFreeChange(db, id, change.id, 'test');
      return;
    case 'withdraw':
      for (const change of await db.rows(CHANGE, [id, 0]))
        await withdrawChange(db, id, change.id, 'test');
      return;
    case 'end change':
      await db.transaction(async (tx) => {
        await tx.run(END_CHANGE_SEATS, [id]);
        await tx.run(END_CHANGE, [id]);
      });
      return;
    case 'look at change':
      for (const change of await db.rows(CHANGE, [id, 0])) await lookAtChange(db, change.id);
      return;
    case 'check in':
      for (const { code, event: eventId } of await db.rows(CODE, [id, what.ticket])) {
        const door = { keyId: 0, scanId: null, gate: null, scannedAt: null, actor: 'test' };
        await checkIn(db, { code, eventId, ...door });
        if (what.undo) await undoCheckIn(db, code, 'test');
      }
      return;
    case 'allot':
      await createAllotment(
        db,
        (await findEvent(db, event))!.id,
        { name: 'Sponsors', client: null, until: null, seats: { labels: what.seats } },
        {
          request: {
            client: 'test',
            call: 'createAllotment',
            resource: event,
            key: randomUUID(),
            fingerprint: Buffer.from('test'),
          },
          actor: 'test',
        },
      );
      return;
    case 'end allotment': {
      const newest = await newestAllotment(event);
      if (newest !== null) await deleteAllotment(db, newest, 'test');
      return;
    }
    case 'edit': {
      const categories = [{ ...definition.categories[0]!, price: what.price }];
      await updateEvent(
        db,
        (await findEvent(db, event))!,
        {
          definition: { ...definition, categories, salesPaused: what.paused },
          changed: ['categories', 'salesPaused'],
          leftOut: [],
          seats: new Map([['A-3', what.active]]),
          notify: false,
        },
        'test',
      );
      return;
    }
    case 'limit code': {
      const { id: codeId, revision } = (await findCode(db, codeOf(event)))!;
      const rules = { ...codeRules(event), maxUses: what.maxUses };
      await updateCode(db, codeId, revision, rules);
      return;
    }
    case 'pay another account':
      await recordUnmatchedPayment(
        db,
        { reference, reservationId: id, amount: PRICE, currency: 'EUR', source: 'stripe' },
        { expected: 'acct_1', came: 'acct_2' },
      );
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
        // One that commits meanwhile is not locked, and is as if it came later.
        if (!(await lockReservation(tx, id))) return;
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
      const { amount } = what;
      const payment = await findRefundablePayment(db, id, { reference: null, amount });
      if (!payment) return;
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

const STORY = sql<{ story: string[] }>(
  'test_story',
  `select array(select told from (
     select at, concat_ws(' ', 'history', at, actor, type, data) as told from history where reservation_id = $1
     union all select received_at, concat('payment ', to_jsonb(p)) from payments p where reservation_id = $1
     union all select f.created_at, concat('refund ', to_jsonb(f)) from refunds f join payments p on p.id = f.payment_id where p.reservation_id = $1
     union all select d.opened_at, concat('dispute ', to_jsonb(d)) from disputes d join payments p on p.id = d.payment_id where p.reservation_id = $1
     union all select created_at, concat('change ', to_jsonb(c)) from changes c where reservation_id = $1
     union all select received_at, concat('inbox ', to_jsonb(i)) from inbox i where reservation_id = $1) all_of_it order by at) as story`,
);
/** What happened to a reservation, for who looks for the cause of a finding. */
const storyOf = async (id: string): Promise<string[]> => (await db.rows(STORY, [id]))[0]!.story;

/** How many plans are tried: `INTERLEAVINGS=2000` looks for longer. */
const PLANS = Number(process.env.INTERLEAVINGS ?? 120);
const LIMIT_MS = 60_000 + PLANS * 5_000;

/** Two seats that are sold. */
const SALE: readonly Command[] = [
  { do: 'hold', id: 0, seats: ['A-1', 'A-2'], elsewhere: false, code: false, allotted: false },
  { do: 'pay', id: 0, reference: 0, seats: 2, strict: false },
  { do: 'settle', id: 0 },
];
/** And another buyer's hold, which has run out and is not released yet. */
const SALE_BESIDE_A_HOLD_THAT_ENDED: readonly Command[] = [
  ...SALE,
  { do: 'hold', id: 1, seats: ['A-3'], elsewhere: true, code: false, allotted: false },
  { do: 'end', id: 1 },
];

/** What has happened when the lanes begin. */
const BEGINNINGS: readonly (readonly Command[])[] = [[], SALE, SALE_BESIDE_A_HOLD_THAT_ENDED];

describe('Whatever happens in whatever order, and at the same time', () => {
  it(
    'no seat has two owners, no money is lost and no sale is half',
    async () => {
      const lanes = fc.array(fc.array(command, { minLength: 4, maxLength: 14 }), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...BEGINNINGS), lanes, async (beginning, plan) => {
          const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
          for (const what of beginning) await carryOut(what, event, run);
          await Promise.all(
            plan.map(async (lane) => {
              for (const what of lane) await carryOut(what, event, run);
            }),
          );
          // What the actors would do in the end.
          for (const id of [0, 1, 2]) await settleInbox(db, `${run}-${id}`, sign);
          const wrong = await db.rows<{ wrong: string }>(WRONG, [run, event]);
          expect(wrong).toEqual([]);
        }),
        { numRuns: PLANS, endOnFailure: true },
      );
      // What `verify` says of all of them.
      const { results } = await readMoment(
        db,
        [...seatChecks, ...moneyChecks].filter(({ name }) => !name.includes('test provider')),
      );
      const found: string[] = [];
      for (const { name, findings } of results.filter(({ kind }) => kind === 'invariant'))
        for (const { id, detail } of findings)
          found.push(`${name}: ${id} ${detail}`, ...(await storyOf(id)));
      expect(found).toEqual([]);
    },
    LIMIT_MS,
  );
});

const OWNERS = sql(
  'test_owners',
  `select s.label, s.status, s.reservation_id as owner from allocations a join seats s on s.id = a.seat_id
    where a.reservation_id = $1 order by s.id`,
);

const CHANGES = sql('test_changes', 'select status from changes where reservation_id = $1');
const BEGIN = sql('test_begin', 'update events set starts_at = clock_timestamp() where slug = $1');
const begin = (event: string) => db.run(BEGIN, [event]);
const LIFT_LIMIT = sql(
  'test_lift_limit',
  `with lifted as (update codes set max_uses = null, revision = revision + 1 where code = $1 returning id)
   delete from code_uses where code_id in (select id from lifted)`,
);
const untilOneWaits = () =>
  eventually(async () => expect((await readLockWaits(db)).waiting).toBe(1));

const REFERENCE = sql('test_reference', 'select reference from payments where reservation_id = $1');

describe('In an order that is rare', () => {
  it('the end of a hold leaves alone the seats that another buyer has taken since', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    await carryOut(
      { do: 'hold', id: 0, seats: ['A-1', 'A-2'], elsewhere: false, code: false, allotted: false },
      event,
      run,
    );
    await carryOut({ do: 'end', id: 0 }, event, run);
    await carryOut(
      { do: 'hold', id: 1, seats: ['A-1'], elsewhere: false, code: false, allotted: false },
      event,
      run,
    );
    await carryOut({ do: 'release', id: 0 }, event, run);
    expect(await db.rows(OWNERS, [`${run}-1`])).toEqual([
      { label: 'A-1', status: 'held', owner: `${run}-1` },
    ]);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a change of a sale takes the seat of a hold that has run out, before anything has released it', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    const change = { do: 'change', id: 0, release: 1, elsewhere: false, code: false } as const;
    for (const what of SALE_BESIDE_A_HOLD_THAT_ENDED) await carryOut(what, event, run);
    await carryOut({ ...change, take: ['A-3'] }, event, run);
    expect(await db.rows(OWNERS, [`${run}-0`])).toMatchObject([
      { label: 'A-1', status: 'sold' },
      { label: 'A-2', status: 'sold' },
      { label: 'A-3', status: 'held', owner: `${run}-0` },
    ]);
    await carryOut({ do: 'confirm change', id: 0 }, event, run);
    await carryOut({ do: 'release', id: 1 }, event, run);
    await carryOut({ do: 'settle', id: 0 }, event, run);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a payment that its provider gave back whole applies no change for which nothing is due', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    const swap = { do: 'change', id: 0, release: 1, elsewhere: false, code: false } as const;
    const told = { do: 'told', reference: 1, refund: 0, status: 'succeeded' } as const;
    for (const what of SALE) await carryOut(what, event, run);
    await carryOut({ ...swap, take: ['A-3'] }, event, run);
    const pay = { do: 'pay change', id: 0, reference: 1, older: false } as const;
    await carryOut({ ...pay, more: PRICE, strict: false }, event, run);
    await carryOut({ ...told, amount: PRICE }, event, run);
    await carryOut({ do: 'settle', id: 0 }, event, run);
    const { results } = await readMoment(db, moneyChecks);
    const found = results.flatMap(({ findings }) => findings.map(({ detail }) => detail));
    expect(found.filter((detail) => detail.includes(run))).toEqual([]);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
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
        { do: 'hold', id: 0, seats: ['A-1'], elsewhere: false, code: false, allotted: false },
        event,
        run,
      );
      await settleInbox(db, id, sign);
    });
    await settleInbox(db, id, sign);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  const hold = (seats: string[], more: { elsewhere?: boolean; code?: boolean } = {}): Command => ({
    do: 'hold',
    id: 0,
    seats,
    elsewhere: more.elsewhere ?? false,
    code: more.code ?? false,
    allotted: false,
  });
  const take = (seats: string[]): Command => ({
    do: 'change',
    id: 0,
    release: 0,
    take: seats,
    elsewhere: false,
    code: false,
  });
  const pay: Command = { do: 'pay', id: 0, reference: 0, seats: 0, strict: false };
  const payChange: Command = {
    do: 'pay change',
    id: 0,
    reference: 1,
    older: false,
    more: 0,
    strict: false,
  };
  const settle: Command = { do: 'settle', id: 0 };

  async function inOrder(...plan: (Command | ((event: string) => Promise<unknown>))[]) {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    for (const what of plan)
      await (typeof what === 'function' ? what(event) : carryOut(what, event, run));
    return { event, run, id: `${run}-0` };
  }

  it('a change that was paid for in time is applied, although its event has begun since', async () => {
    const { event, run, id } = await inOrder(...SALE, take(['A-3']), payChange, begin, settle);
    expect(await db.rows(CHANGES, [id])).toEqual([{ status: 'applied' }]);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a late payment of a change sells no seat that was taken out of sale since', async () => {
    const { event, run, id } = await inOrder(
      ...SALE,
      take(['A-3']),
      { do: 'end change', id: 0 },
      { do: 'look at change', id: 0 },
      { do: 'edit', price: PRICE, paused: false, active: false },
      payChange,
      settle,
    );
    expect(await db.rows(CHANGES, [id])).toEqual([{ status: 'expired' }]);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a change is not confirmed with the payment that confirmed the sale', async () => {
    const { run, id } = await inOrder(hold(['A-1']), pay, settle, take(['A-2']));
    const [change] = await db.rows(CHANGE, [id, 0]);
    const payment = { reference: `${run}-pay-0`, amount: PRICE, currency: 'EUR' };
    const notice = { reservationId: id, ...payment, source: 'client' as const, actor: 'test' };
    expect(
      await recordPayment(
        db,
        { ...notice, changeId: change!.id },
        { strict: true, testProvider: true },
      ),
    ).toEqual({ kind: 'mismatch' });
  });

  it('money of an order that was changed after it came leaves the events that it came to', async () => {
    const { event, run } = await inOrder(
      hold(['A-1'], { elsewhere: true }),
      { ...pay, seats: 3 },
      take(['A-2', 'A-3']),
      settle,
      { do: 'answer', reference: 0, status: 'succeeded' },
      { do: 'end', id: 0 },
      { do: 'release', id: 0 },
    );
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
    const found = await runChecks(
      db,
      moneyChecks.filter(({ name }) => name.includes('leaves the events')),
    );
    expect(found.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('a code that gets a limit waits for what is under way with its reservations', async () => {
    const { event, run, id } = await inOrder(
      { do: 'limit code', maxUses: null },
      hold(['A-1'], { code: true }),
    );
    let limiting: Promise<void>;
    await db.transaction(async (tx) => {
      await extendHold(tx, id, 1200, 'test');
      limiting = carryOut({ do: 'limit code', maxUses: 1 }, event, run);
      await untilOneWaits();
    });
    await limiting!;
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a payment that waits for a use of a code confirms, when the limit is lifted meanwhile', async () => {
    const { event, run, id } = await inOrder(hold(['A-1'], { code: true }), pay);
    let settling: Promise<unknown>;
    await db.transaction(async (tx) => {
      await tx.run(LIFT_LIMIT, [codeOf(event)]);
      settling = settleInbox(db, id, sign);
      await untilOneWaits();
    });
    await settling!;
    expect(await db.rows(OWNERS, [id])).toEqual([{ label: 'A-1', status: 'sold', owner: id }]);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });

  it('a confirmation with tickets for other seats than it sells changes nothing', async () => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    const id = `${run}-0`;
    const seats = ['A-1', 'A-2'];
    await carryOut(
      { do: 'hold', id: 0, seats, elsewhere: false, code: false, allotted: false },
      event,
      run,
    );
    await carryOut({ do: 'pay', id: 0, reference: 0, seats: 2, strict: false }, event, run);
    const [payment] = await db.rows<{ reference: string }>(REFERENCE, [id]);
    for (const wrong of [[0], [1, 0], []]) {
      const selling = db.transaction(async (tx) => {
        const locked = (await lockToSettle(tx, id))!;
        const claimed = wrong.map((at) => locked.seats[at]!);
        await confirm(tx, locked.reservation, claimed, { ...payment!, actor: 'test' }, sign);
      });
      await expect(selling).rejects.toThrow('not all that it claims could be changed (sell)');
    }
    expect(await db.rows(OWNERS, [id])).toMatchObject([{ status: 'held' }, { status: 'held' }]);
    await settleInbox(db, id, sign);
    expect(await db.rows(WRONG, [run, event])).toEqual([]);
  });
});

const FORGET_OUTBOX = sql('test_forget_outbox', 'delete from outbox where subject = $1');
const OUTBOX = sql('test_outbox', 'select kind from outbox where subject = $1 order by id');

describe('An actor that waits', () => {
  it.each<[string, Command]>([
    ['a payment', { do: 'pay', id: 0, reference: 0, seats: 1, strict: false }],
    ['a confirm', { do: 'pay', id: 0, reference: 0, seats: 1, strict: true }],
    ['a cancel', { do: 'cancel', id: 0, choice: null }],
    ['an extension', { do: 'extend', id: 0 }],
  ])('is rung for %s', async (_what, command) => {
    const [event, run] = [await newEvent(), `run-${randomUUID().slice(0, 13)}`];
    await carryOut(
      { do: 'hold', id: 0, seats: ['A-1'], elsewhere: false, code: false, allotted: false },
      event,
      run,
    );
    await db.run(FORGET_OUTBOX, [`${run}-0`]);
    await carryOut(command, event, run);
    expect(await db.rows(OUTBOX, [`${run}-0`])).toEqual([{ kind: 'ring' }]);
  });
});
