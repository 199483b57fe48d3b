import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql, type Database } from '../../src/db/database';
import { moneyChecks } from '../../src/db/checks/money';
import { recordCancelRequest } from '../../src/db/payments';
import {
  moveRefund,
  orderRefund,
  recordDispute,
  recordProviderRefund,
  recordRefundedTotal,
} from '../../src/db/refunds';
import { settleInbox } from '../../src/db/settlement';
import { runChecks } from '../../src/db/verify';
import { endHold } from '../support/hold-ttl';
import {
  createPlainEvent,
  PLAIN_PRICE as PRICE,
  recordPlainPayment,
  takePlainSeat,
} from '../support/plain-event';
import { openTestDatabase } from '../support/system';

const sign = ({ ticketId }: { ticketId: string }) => `code-${ticketId}`;

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 4 });
});
afterAll(() => db.close());

/** A hold of one seat of an event of its own. @returns its id, which is also the reference of its payment */
async function hold(): Promise<string> {
  const id = `order-${randomUUID().slice(0, 13)}`;
  await createPlainEvent(db, id, 1);
  await take(id, id);
  return id;
}

const take = (id: string, event: string) => takePlainSeat(db, { id, event, label: 'S-1' });

async function sale(): Promise<string> {
  const id = await hold();
  await pay(id);
  await settleInbox(db, id, sign);
  return id;
}

const pay = (id: string, reference = id, amount = PRICE) =>
  recordPlainPayment(db, { id, reference, amount });

const PAYMENT = sql<{ id: number; refunded: number; status: string }>(
  'test_payment',
  'select id, refunded, status from payments where reference = $1',
);
const REFUNDS = sql<{ by: string; amount: number; status: string; error: string | null }>(
  'test_refunds_of',
  `select f.given_by as by, f.amount, f.status, f.error from refunds f join payments p on p.id = f.payment_id
    where p.reference = $1 order by f.created_at, f.id`,
);
const LIVE = sql<{ by: string; amount: number; status: string }>(
  'test_live_refunds',
  `select f.given_by as by, f.amount, f.status from refunds f join payments p on p.id = f.payment_id
    where p.reference = $1 and f.status <> 'failed' order by f.amount, f.given_by`,
);

const madeByProvider = (reference: string, amount: number, change: object = {}) =>
  recordProviderRefund(
    db,
    {
      references: [reference],
      providerRefundId: `re-${randomUUID()}`,
      refundId: null,
      amount,
      currency: 'EUR',
      status: 'succeeded',
      error: null,
      ...change,
    },
    'stripe',
  );

async function expectMoneyHolds(): Promise<void> {
  const found = await runChecks(
    db,
    moneyChecks.filter(({ name }) => !name.includes('test provider')),
  );
  expect(found.flatMap(({ name, findings }) => findings.map((one) => ({ name, ...one })))).toEqual(
    [],
  );
}

describe('What is left of a payment goes back', () => {
  it('when a dispute that was lost took a part of what was ordered', async () => {
    const id = await sale();
    const dispute = { references: [id], id: `dp-${id}`, amount: 3000 };
    await recordDispute(db, { ...dispute, status: 'open' }, 'stripe');
    await recordCancelRequest(db, id, 'test', null);
    await settleInbox(db, id, sign);
    await recordDispute(db, { ...dispute, status: 'lost' }, 'stripe');
    expect(await db.rows(REFUNDS, [id])).toEqual([
      { by: 'stripe', amount: 9000, status: 'failed', error: 'superseded' },
      { by: 'stripe', amount: 6000, status: 'pending', error: null },
    ]);
    await expectMoneyHolds();
  });

  it('when the provider gave back a part of a surplus payment by itself', async () => {
    const id = await sale();
    const surplus = `${id}-again`;
    await pay(id, surplus);
    await settleInbox(db, id, sign);
    await madeByProvider(surplus, 1000);
    await madeByProvider(surplus, 500);
    expect(await db.rows(LIVE, [surplus])).toEqual([
      { by: 'provider', amount: 500, status: 'succeeded' },
      { by: 'provider', amount: 1000, status: 'succeeded' },
      { by: 'stripe', amount: 7500, status: 'pending' },
    ]);
    await expectMoneyHolds();
  });

  it('and no more than that, when a dispute was lost before the payment was decided', async () => {
    const id = await sale();
    const surplus = `${id}-again`;
    await pay(id, surplus);
    await recordDispute(
      db,
      { references: [surplus], id: `dp-${id}`, amount: 3000, status: 'lost' },
      'stripe',
    );
    await settleInbox(db, id, sign);
    expect(await db.rows(LIVE, [surplus])).toEqual([
      { by: 'stripe', amount: 6000, status: 'pending' },
    ]);
    await expectMoneyHolds();
  });
});

describe('A payment of too much, whose excess the provider gave back', () => {
  it('counts as one of the right amount: it is too late, where its hold has ended and the seat is another’s', async () => {
    const id = await hold();
    await endHold(db, id);
    expect((await take(`other-${id}`, id)).kind).toBe('held');
    await pay(id, id, PRICE + 1000);
    await madeByProvider(id, 1000);
    expect((await settleInbox(db, id, sign))?.story).toEqual([
      expect.stringContaining('the hold ended'),
      expect.stringContaining('goes back: expired'),
    ]);
    expect(await db.rows(LIVE, [id])).toEqual([
      { by: 'provider', amount: 1000, status: 'succeeded' },
      { by: 'stripe', amount: PRICE, status: 'pending' },
    ]);
    await expectMoneyHolds();
  });
});

describe('A payment of which nothing is left', () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    [
      'because a dispute was lost',
      (id) =>
        recordDispute(
          db,
          { references: [id], id: `dp-${id}`, amount: PRICE, status: 'lost' },
          'stripe',
        ),
    ],
    [
      'because the provider is giving it back',
      (id) => madeByProvider(id, PRICE, { status: 'pending' }),
    ],
  ])('confirms nothing: %s', async (_why, lose) => {
    const id = await hold();
    await pay(id);
    await lose(id);
    const progress = await settleInbox(db, id, sign);
    expect(progress?.state.status).toBe('held');
    await expectMoneyHolds();
  });
});

/** A refund as it is at the provider. */
interface Made {
  amount: number;
  /** Ordered by us; it was refused before, or not. */
  ours: 'new' | 'refused' | null;
}
/** What the provider reports: one refund, by its place; or the sum after so many. */
type Report = { refund: number } | { sumAfter: number };

const plans = fc
  .array(
    fc.record({
      amount: fc.constantFrom(500, 1000, 1500, 3000),
      ours: fc.constantFrom('new' as const, 'refused' as const, null, null),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .chain((made: Made[]) => {
    const reports: Report[] = made.flatMap((_, index) => [
      { refund: index },
      { sumAfter: index + 1 },
    ]);
    // Each comes once at least, in any order.
    return fc
      .array(fc.constantFrom(...reports), { maxLength: 3 })
      .chain((again) =>
        fc.shuffledSubarray([...reports, ...again], { minLength: reports.length + again.length }),
      )
      .map((inOrder) => ({ made, reports: inOrder }));
  });

describe('Refunds that a provider reports one by one and as a sum', () => {
  it('are counted once each, in whatever order the reports come', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ made, reports }) => {
        const reference = await sale();
        const [payment] = await db.rows(PAYMENT, [reference]);
        const orders: (string | null)[] = [];
        for (const { amount, ours } of made) {
          const order = {
            paymentId: payment!.id,
            amount,
            reason: 'operator',
            actor: 'test',
          } as const;
          const ordered = ours === null ? null : await orderRefund(db, order);
          const id = ordered?.kind === 'ordered' ? ordered.refund : null;
          if (id !== null && ours === 'refused')
            await moveRefund(db, id, {
              status: 'pending',
              error: 'insufficient_funds',
              actor: 'test',
              wake: false,
            });
          orders.push(id);
        }
        for (const report of reports) {
          if ('refund' in report)
            await madeByProvider(reference, made[report.refund]!.amount, {
              providerRefundId: `${reference}-re-${report.refund}`,
              refundId: orders[report.refund],
            });
          else {
            const amount = made
              .slice(0, report.sumAfter)
              .reduce((sum, refund) => sum + refund.amount, 0);
            await recordRefundedTotal(
              db,
              { references: [reference], amount, currency: 'EUR' },
              'stripe',
            );
          }
        }
        const expected = made
          .map(({ amount, ours }) => ({ by: ours === null ? 'provider' : 'stripe', amount }))
          .sort((a, b) => a.amount - b.amount || (a.by < b.by ? -1 : 1));
        expect(await db.rows(LIVE, [reference])).toEqual(
          expected.map((refund) => ({ ...refund, status: 'succeeded' })),
        );
      }),
      { numRuns: 60 },
    );
    await expectMoneyHolds();
  }, 300_000);
});
