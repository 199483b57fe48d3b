import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Page, type Reservation } from '../support/api';
import { refundsOf } from '../support/ledger';
import { mailsTo } from '../support/mail-catcher';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Refund {
  id: string;
  payment: string;
  amount: { amount: number; currency: string };
  status: string;
  by: string;
  reason: string;
  error: string | null;
  succeededAt: string | null;
}

const operator = () => ({ key: system.info.keys.operator });
const newIntent = () => `pi_${randomUUID().replaceAll('-', '')}`;
const eur = (amount: number) => ({ amount, currency: 'EUR' });

/** Two seats for 90.00 EUR, paid through Stripe under the intent. */
async function sold(intent = newIntent()): Promise<Reservation> {
  const held = await api.held(await api.event(), ['A-1', 'A-2']);
  await api.stripe('payment_intent.succeeded', {
    id: intent,
    object: 'payment_intent',
    amount_received: held.total.amount,
    currency: 'eur',
    metadata: { reservation_id: held.id },
  });
  return api.until(held.id, 'confirmed');
}
const referenceOf = (reservation: Reservation) => reservation.payment!.reference;
const read = async (id: string) => (await api.get(id)).body;
const refund = (id: string, body: unknown, key: string = randomUUID(), by = operator()) =>
  api.call<Refund>('POST', `/v1/reservations/${id}/refunds`, {
    ...by,
    body,
    headers: { 'idempotency-key': key },
  });
const stripeRefund = (intent: string, change: Record<string, unknown> = {}) => ({
  id: `re_${randomUUID().slice(0, 8)}`,
  object: 'refund',
  amount: 2000,
  currency: 'eur',
  status: 'succeeded',
  payment_intent: intent,
  ...change,
});
const notesOf = async (reference: string) =>
  (await api.notes()).filter((note) => note.reference === reference);

describe('A refund in part', () => {
  it('leaves seats and tickets as they are, and never exceeds the payment', async () => {
    const mine = await sold();
    const first = await refund(mine.id, { amount: 2000, reason: 'seat A-2 was broken' });
    expect([first.status, first.body]).toEqual([
      201,
      expect.objectContaining({
        payment: referenceOf(mine),
        amount: eur(2000),
        by: 'test',
        reason: 'seat A-2 was broken',
      }),
    ]);
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([{ status: 'succeeded' }]),
    );
    const now = await read(mine.id);
    expect(now).toMatchObject({
      status: 'confirmed',
      payment: { status: 'partially_refunded' },
      payments: [{ refunded: eur(2000) }],
    });
    expect(refusal(await refund(mine.id, { amount: 7001, reason: 'too much' }))).toEqual([
      422,
      'refund_exceeds_payment',
    ]);
    expect((await refund(mine.id, { amount: 7000, reason: 'the rest' })).status).toBe(201);
    await eventually(async () =>
      expect(await refundsOf(system.db, referenceOf(mine))).toEqual(
        expect.arrayContaining([
          { reference: referenceOf(mine), ...eur(2000) },
          { reference: referenceOf(mine), ...eur(7000) },
        ]),
      ),
    );
    expect((await read(mine.id)).status).toBe('confirmed');
  });

  it('and a cancel then give back no more than all of it', async () => {
    const mine = await sold();
    await refund(mine.id, { amount: 2500, reason: 'late start' });
    await api.cancel(mine.id);
    await api.until(mine.id, 'cancelled');
    await eventually(async () =>
      expect((await read(mine.id)).payment).toMatchObject({ status: 'refunded' }),
    );
    const given = await refundsOf(system.db, referenceOf(mine));
    expect(given.map(({ amount }) => amount).sort()).toEqual([2500, 6500]);
    expect((await read(mine.id)).refunds.map(({ reason }) => reason)).toEqual([
      'late start',
      'cancelled',
    ]);
  });

  it('is ordered once for its key, by twenty at once too', async () => {
    const mine = await sold();
    const key = randomUUID();
    const body = { amount: 1000, reason: 'once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(mine.id, body, key)));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed'))).toHaveLength(19);
    expect(refusal(await refund(mine.id, { ...body, amount: 1001 }, key))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    expect((await read(mine.id)).refunds).toHaveLength(1);
  });

  it('of ten that together exceed the payment orders as many as fit', async () => {
    const mine = await sold();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refund(mine.id, { amount: 2000, reason: 'a race' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(6);
  });

  it('is for operators, needs a key, an amount and a sale', async () => {
    const mine = await sold();
    const body = { amount: 100, reason: 'x' };
    const asClient = { key: system.info.keys.client };
    expect(refusal(await refund(mine.id, body, randomUUID(), asClient))).toEqual([
      403,
      'forbidden',
    ]);
    expect(
      refusal(
        await api.call('POST', `/v1/reservations/${mine.id}/refunds`, { ...operator(), body }),
      ),
    ).toEqual([400, 'idempotency_key_missing']);
    for (const wrong of [
      { ...body, amount: 0 },
      { ...body, amount: -1 },
      { ...body, amount: 1.5 },
      { amount: 100 },
      { ...body, payment: 'pi_of_somebody_else' },
    ]) {
      expect(refusal(await refund(mine.id, wrong))).toEqual([422, 'validation_failed']);
    }
    const held = await api.held(await api.event(), ['A-1']);
    expect(refusal(await refund(held.id, body))).toEqual([409, 'reservation_not_confirmed']);
    expect(refusal(await refund(randomUUID(), body))).toEqual([404, 'not_found']);
    expect((await read(mine.id)).refunds).toEqual([]);
  });
});

describe('What Stripe tells of refunds', () => {
  it('that it made by itself is recorded, in part and in full, and changes no ticket', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    const told = stripeRefund(intent);
    for (const type of ['refund.created', 'refund.updated', 'charge.refund.updated'])
      expect((await api.stripe(type, told)).body).toEqual({ received: true, ignored: false });
    expect(await read(mine.id)).toMatchObject({
      status: 'confirmed',
      payment: { status: 'partially_refunded' },
      refunds: [{ by: 'provider', amount: eur(2000), status: 'succeeded' }],
    });
    const charge = { id: 'ch_1', object: 'charge', payment_intent: intent, currency: 'eur' };
    for (let time = 0; time < 2; time++)
      await api.stripe('charge.refunded', { ...charge, amount: 9000, amount_refunded: 9000 });
    expect(await read(mine.id)).toMatchObject({
      status: 'confirmed',
      payment: { status: 'refunded' },
      refunds: [{ amount: eur(2000) }, { amount: eur(7000), by: 'provider' }],
    });
    // Its own event, with the id, comes after the sum.
    await api.stripe('refund.created', stripeRefund(intent, { amount: 7000 }));
    expect((await read(mine.id)).refunds).toHaveLength(2);
    expect(refusal(await refund(mine.id, { amount: 1, reason: 'nothing is left' }))).toEqual([
      422,
      'refund_exceeds_payment',
    ]);
    expect(await notesOf(intent)).toEqual([]);
  });

  it('a refund that is pending, then succeeded, then failed goes only forward', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    const told = stripeRefund(intent, { status: 'pending' });
    const statusOf = async () => (await read(mine.id)).refunds[0]?.status;
    await api.stripe('refund.created', told);
    expect(await statusOf()).toBe('pending');
    await api.stripe('refund.updated', { ...told, status: 'succeeded' });
    expect(await statusOf()).toBe('succeeded');
    await api.stripe('refund.updated', told);
    expect(await statusOf()).toBe('succeeded');
    await api.stripe('refund.failed', { ...told, status: 'failed', failure_reason: 'declined' });
    await api.stripe('refund.updated', { ...told, status: 'succeeded' });
    expect((await read(mine.id)).refunds).toMatchObject([{ status: 'failed', error: 'declined' }]);
    expect((await read(mine.id)).payment).toMatchObject({ status: 'captured' });
    expect((await notesOf(intent)).map(({ kind }) => kind)).toEqual(['refund_failed']);
  });

  it('of more than was captured is recorded as told, and is a note', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    expect(
      (await api.stripe('refund.created', stripeRefund(intent, { amount: 12_000 }))).status,
    ).toBe(200);
    expect((await read(mine.id)).refunds).toMatchObject([{ amount: eur(12_000) }]);
    expect(await notesOf(intent)).toMatchObject([
      { kind: 'refund_excess', data: { captured: 9000, refunded: 12_000 } },
    ]);
  });

  it('of a payment that is not ours is ignored', async () => {
    const answer = await api.stripe('refund.created', stripeRefund(newIntent()));
    expect([answer.status, answer.body]).toEqual([200, { received: true, ignored: true }]);
  });
});

describe('What Stripe tells before the payment itself', () => {
  const paid = (mine: Reservation, intent: string) =>
    api.stripe('payment_intent.succeeded', {
      id: intent,
      object: 'payment_intent',
      amount_received: mine.total.amount,
      currency: 'eur',
      metadata: { reservation_id: mine.id },
    });

  it.each([
    ['refund.created', (intent: string) => stripeRefund(intent, { amount: 9000 })],
    [
      'charge.refunded',
      (intent: string) => ({
        id: `ch_${intent}`,
        object: 'charge',
        payment_intent: intent,
        currency: 'eur',
        amount: 9000,
        amount_refunded: 9000,
      }),
    ],
  ])('of a refund (%s) is recorded once the payment comes', async (type, object) => {
    const intent = newIntent();
    const held = await api.held(await api.event(), ['A-1', 'A-2']);
    const told = object(intent);
    for (let time = 0; time < 2; time++)
      expect((await api.stripe(type, told)).body).toEqual({ received: true, ignored: true });
    await paid(held, intent);
    expect(await read(held.id)).toMatchObject({
      refunds: [{ by: 'provider', amount: eur(9000), status: 'succeeded' }],
    });
    await eventually(async () =>
      expect(await api.payments(held.id)).toMatchObject([{ status: 'refunded' }]),
    );
    // The money is back before anything was sold for it.
    expect((await read(held.id)).status).toBe('held');
    expect((await read(held.id)).refunds).toHaveLength(1);
  });

  it('of a refund leaves the hold to end as without that payment', async () => {
    const intent = newIntent();
    const event = await api.event({ holdTtlSeconds: 5 });
    const held = await api.held(event, ['A-1', 'A-2']);
    await api.stripe('refund.created', stripeRefund(intent));
    await paid(held, intent);
    await eventually(async () =>
      expect((await read(held.id)).refunds).toMatchObject([
        { by: 'provider', amount: eur(2000) },
        { reason: 'mismatch', amount: eur(7000), status: 'succeeded' },
      ]),
    );
    await api.until(held.id, 'expired');
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
    await api.held(event, ['A-1']);
  });

  it('of a refund in part, then of a dispute, is heard in that order when a claim is proven', async () => {
    const intent = newIntent();
    const held = await api.held(await api.event(), ['A-1', 'A-2']);
    await api.confirm(held, intent);
    await api.until(held.id, 'confirmed');
    const dispute = { id: `dp_${intent}`, amount: 7000, currency: 'eur', payment_intent: intent };
    await api.stripe('refund.created', stripeRefund(intent));
    await api.stripe('charge.dispute.created', { ...dispute, status: 'needs_response' });
    expect((await read(held.id)).refunds).toEqual([]);
    await paid(held, intent);
    expect(await read(held.id)).toMatchObject({
      status: 'confirmed',
      payment: { status: 'disputed' },
      refunds: [{ amount: eur(2000) }],
    });
    expect((await api.history(held.id)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['refund.created', 'refund.succeeded', 'payment.disputed']),
    );
  });

  it('and that never comes is forgotten after a week', async () => {
    const references = [newIntent(), newIntent()];
    for (const reference of references) await api.stripe('refund.created', stripeRefund(reference));
    const kept = async () =>
      (
        await system.db.rows<{ reference: string }>(
          sql(
            '',
            'select payment_references[1] as reference from early_events where payment_references && $1',
          ),
          [references],
        )
      ).map(({ reference }) => reference);
    expect((await kept()).sort()).toEqual([...references].sort());
    await system.db.run(
      sql(
        '',
        `update early_events set received_at = received_at - interval '7 days' where payment_references = $1`,
      ),
      [[references[0]]],
    );
    await eventually(async () => expect(await kept()).toEqual([references[1]]));
  });

  it('at the same time as the payment is never lost', async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, async () => ({
        intent: newIntent(),
        held: await api.held(await api.event(), ['A-1', 'A-2']),
      })),
    );
    await Promise.all(
      all.flatMap(({ intent, held }) => [
        paid(held, intent),
        api.stripe('refund.created', stripeRefund(intent)),
      ]),
    );
    for (const { held } of all)
      expect((await read(held.id)).refunds[0]).toMatchObject({
        by: 'provider',
        amount: eur(2000),
        status: 'succeeded',
      });
  });
});

describe('A refund that failed after it had succeeded', () => {
  it('is ordered anew, and goes back', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    const first = await refund(mine.id, { amount: 9000, reason: 'rain' });
    const statuses = async () => (await read(mine.id)).refunds.map(({ status }) => status);
    await eventually(async () => expect(await statuses()).toEqual(['succeeded']));
    await api.stripe(
      'refund.failed',
      stripeRefund(intent, {
        amount: 9000,
        status: 'failed',
        failure_reason: 'declined',
        metadata: { refund_id: first.body.id },
      }),
    );
    expect(await refundsOf(system.db, intent)).toEqual([]);
    await refund(mine.id, { amount: 9000, reason: 'rain, again' });
    await eventually(async () => expect(await statuses()).toEqual(['failed', 'succeeded']));
    expect(await refundsOf(system.db, intent)).toEqual([{ reference: intent, ...eur(9000) }]);
  });
});

describe('A dispute', () => {
  const disputeOf = (intent: string, status: string) => ({
    id: `dp_${intent}`,
    object: 'dispute',
    amount: 9000,
    currency: 'eur',
    charge: 'ch_1',
    payment_intent: intent,
    status,
  });

  it('is shown while it is open, and refunds of the payment wait for its end', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    await api.stripe('charge.dispute.created', disputeOf(intent, 'needs_response'));
    expect((await read(mine.id)).payment).toMatchObject({ status: 'disputed' });
    await refund(mine.id, { amount: 1000, reason: 'while disputed' });
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([
        { status: 'pending', error: 'payment_disputed' },
      ]),
    );
    await api.stripe('charge.dispute.closed', disputeOf(intent, 'won'));
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([{ status: 'succeeded', error: null }]),
    );
    expect((await api.history(mine.id)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['payment.disputed', 'payment.dispute_won', 'refund.succeeded']),
    );
  });

  it('that is lost has given the money back: a refund that waited is superseded', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    await api.stripe('charge.dispute.created', disputeOf(intent, 'needs_response'));
    await refund(mine.id, { amount: 1000, reason: 'while disputed' });
    await api.stripe('charge.dispute.closed', disputeOf(intent, 'lost'));
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([
        { status: 'failed', error: 'superseded' },
      ]),
    );
    expect(await refundsOf(system.db, intent)).toEqual([]);
    expect(refusal(await refund(mine.id, { amount: 1, reason: 'again' }))).toEqual([
      422,
      'refund_exceeds_payment',
    ]);
  });
});

describe('A dispute of a part', () => {
  it('that is lost lets a refund of the rest go on at once', async () => {
    const intent = newIntent();
    const mine = await sold(intent);
    const dispute = { id: `dp_${intent}`, amount: 5000, currency: 'eur', payment_intent: intent };
    await api.stripe('charge.dispute.created', { ...dispute, status: 'needs_response' });
    await refund(mine.id, { amount: 4000, reason: 'while disputed' });
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([{ error: 'payment_disputed' }]),
    );
    await api.stripe('charge.dispute.closed', { ...dispute, status: 'lost' });
    await eventually(async () =>
      expect((await read(mine.id)).refunds).toMatchObject([{ status: 'succeeded' }]),
    );
  });
});

describe('A refund of a sale that was changed for more', () => {
  it('is of the payment that confirmed it, or of another that has enough left', async () => {
    const event = await api.event({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500 },
        { code: 'floor', name: 'Floor', price: 5000 },
      ],
    });
    const held = await api.held(event, ['A-1', 'A-2']);
    await api.pay(held, `first-${held.id}`);
    await api.until(held.id, 'confirmed');
    const changes = `/v1/reservations/${held.id}/changes`;
    const quote = await api.call<{ id: string; due: object }>('POST', changes, {
      body: { release: ['A-2'], take: [{ event, seats: ['Floor-1'] }] },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(quote.body.due).toEqual(eur(500));
    const reference = `second-${held.id}`;
    const body = { payment: { reference, ...quote.body.due } };
    await api.ask(`${changes}/${quote.body.id}/confirm`, { body });
    await eventually(async () => expect((await read(held.id)).revision).toBe(2));

    const of = async (amount: number) => {
      const answer = await refund(held.id, { amount, reason: 'goodwill' });
      return answer.status === 201 ? answer.body.payment : refusal(answer);
    };
    const exceeds = [422, 'refund_exceeds_payment'];
    expect(await of(2000)).toBe(`first-${held.id}`);
    expect(await of(7001)).toEqual(exceeds);
    expect(await of(6800)).toBe(`first-${held.id}`);
    // 2.00 are left of the first, 5.00 of the second.
    expect(await of(300)).toBe(`second-${held.id}`);
    expect(await of(201)).toEqual(exceeds);
    expect(await of(200)).toBe(`first-${held.id}`);
    expect(await of(200)).toBe(`second-${held.id}`);
    expect(await of(1)).toEqual(exceeds);
  });
});

describe('A buyer', () => {
  it('is told by mail that the sale was cancelled, with the calendar, and that the money goes back', async () => {
    const mine = await sold();
    await api.tickets(mine.id);
    await api.cancel(mine.id);
    const mails = () => mailsTo(mine.buyer!.email);
    await eventually(async () =>
      expect((await mails()).map(({ subject }) => subject)).toEqual(
        expect.arrayContaining([
          'Cancelled: Hamlet',
          expect.stringMatching(/^Your refund of .*90/),
        ]),
      ),
    );
    const cancelled = (await mails()).find(({ subject }) => subject?.startsWith('Cancelled'))!;
    const [calendar] = cancelled.attachments;
    expect(calendar!.content.toString()).toMatch(/METHOD:CANCEL[^]*STATUS:CANCELLED/);
    expect(calendar!.content.toString()).toContain(`UID:${mine.id}`);
  });

  it('is told of a second payment that goes back, and that the tickets stay', async () => {
    const mine = await sold();
    await eventually(async () => expect(await mailsTo(mine.buyer!.email)).toHaveLength(1));
    const reference = `second-${randomUUID()}`;
    await api.standard({ reservation: mine.id, reference, ...eur(9000) });
    await eventually(async () => expect(await mailsTo(mine.buyer!.email)).toHaveLength(2));
    const mail = (await mailsTo(mine.buyer!.email))[1]!;
    expect(mail.subject).toMatch(/^Your refund of .*90.*: Hamlet$/);
    expect(mail.text!.replaceAll(/\s+/g, ' ')).toMatch(
      /Your reservation for Hamlet was paid already when a further payment of \S*90\S* reached us\. Your tickets stay as they are\./,
    );
    expect(mail.text).toContain(reference);
    expect((await read(mine.id)).refunds).toMatchObject([
      { payment: reference, reason: 'duplicate', status: 'succeeded' },
    ]);
    expect((await api.tickets(mine.id)).map(({ status }) => status)).toEqual(['valid', 'valid']);
  });

  it('is told of a wrong amount that goes back, and the history says what was expected', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await api.standard({ reservation: held.id, reference: `pay-${randomUUID()}`, ...eur(4499) });
    await eventually(async () =>
      expect((await read(held.id)).refunds).toMatchObject([
        { reason: 'mismatch', status: 'succeeded' },
      ]),
    );
    await eventually(async () =>
      expect((await mailsTo(held.buyer!.email)).map(({ subject }) => subject)).toEqual([
        expect.stringMatching(/^Your refund of .*44\.99/),
      ]),
    );
    const [created] = (await api.history(held.id)).filter(({ type }) => type === 'refund.created');
    expect(created!.data).toMatchObject({ expected: eur(4500), came: eur(4499) });
    expect((await read(held.id)).status).toBe('held');
  });
});

describe('The list of refunds', () => {
  it('is for operators, by status, page by page', async () => {
    const mine = await sold();
    await refund(mine.id, { amount: 1, reason: 'a' });
    await refund(mine.id, { amount: 2, reason: 'b' });
    const ids = (await read(mine.id)).refunds.map(({ id }) => id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await api.call<Page<Refund>>(
        'GET',
        `/v1/refunds?limit=2${cursor && `&cursor=${cursor}`}`,
        operator(),
      );
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(expect.arrayContaining(ids));
    expect(new Set(seen).size).toBe(seen.length);
    const failed = await api.call<Page<Refund>>('GET', '/v1/refunds?status=failed', operator());
    expect(failed.body.data.filter(({ status }) => status !== 'failed')).toEqual([]);
    expect(refusal(await api.call('GET', '/v1/refunds'))).toEqual([403, 'forbidden']);
    expect(refusal(await api.call('GET', '/v1/refunds?status=gone', operator()))).toEqual([
      422,
      'validation_failed',
    ]);
  });
});
