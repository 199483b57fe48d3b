import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { ApiClient, refusal, type Reservation } from '../support/api';
import { chargesOf } from '../support/ledger';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const heldSeat = async () => api.held(await api.event(), ['A-1']);
const newIntent = () => `pi_${randomUUID().replaceAll('-', '')}`;
const intentOf = ({ id, total }: Reservation, intent = newIntent()) => ({
  id: intent,
  object: 'payment_intent',
  amount: total.amount,
  amount_received: total.amount,
  currency: total.currency.toLowerCase(),
  metadata: { reservation_id: id },
});
const sessionOf = ({ id, total }: Reservation, intent = newIntent()) => ({
  id: `cs_${randomUUID().replaceAll('-', '')}`,
  object: 'checkout.session',
  payment_status: 'paid',
  payment_intent: intent,
  amount_total: total.amount,
  currency: total.currency.toLowerCase(),
  metadata: { reservation_id: id },
});
const typesOf = async ({ id }: Reservation) => (await api.history(id)).map(({ type }) => type);
const sendSigned = (raw: string) =>
  api.call('POST', '/v1/webhooks/stripe', {
    key: null,
    raw,
    headers: {
      'stripe-signature': Stripe.webhooks.generateTestHeaderString({
        payload: raw,
        secret: system.info.webhookSecrets.stripe,
      }),
    },
  });
const sendEvent = ({ object, ...event }: Record<string, unknown>) =>
  sendSigned(
    JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', ...event, data: { object } }),
  );
const notesOf = async ({ id }: Reservation) =>
  (await api.notes()).filter((note) => note.reservation === id);
const SUCCEEDED = 'payment_intent.succeeded';
const COMPLETED = 'checkout.session.completed';
const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

async function expectNothingKept(held: Reservation) {
  expect(await api.payments(held.id)).toEqual([]);
  expect((await api.get(held.id)).body).toEqual(held);
}

describe('A Stripe webhook', () => {
  it.each([
    [SUCCEEDED, intentOf],
    [COMPLETED, sessionOf],
  ])('%s confirms the reservation, known by its PaymentIntent', async (type, objectOf) => {
    const held = await heldSeat();
    const intent = newIntent();
    expect((await api.stripe(type, objectOf(held, intent))).status).toBe(200);
    const { payment } = await api.until(held.id, 'confirmed');
    expect(payment).toEqual({
      reference: intent,
      amount: 4500,
      currency: 'EUR',
      status: 'captured',
    });
    expect(await chargesOf(system.db, intent)).toHaveLength(1);
  });

  it.each([
    ['the intent first', [SUCCEEDED, COMPLETED]],
    ['the session first', [COMPLETED, SUCCEEDED]],
  ])('of both success events of one payment is one payment: %s', async (_order, types) => {
    const held = await heldSeat();
    const intent = newIntent();
    for (const type of types) {
      expect(
        (await api.stripe(type, (type === SUCCEEDED ? intentOf : sessionOf)(held, intent))).status,
      ).toBe(200);
    }
    await api.until(held.id, 'confirmed');
    expect(await api.payments(held.id)).toMatchObject([{ reference: intent, status: 'captured' }]);
    expect(await chargesOf(system.db, intent)).toHaveLength(1);
  });

  it('of both success events at once, each five times, is one payment', async () => {
    const held = await heldSeat();
    const [intent, id] = [newIntent(), `evt_${randomUUID()}`];
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => [
        api.stripe(SUCCEEDED, intentOf(held, intent), { id }),
        api.stripe(COMPLETED, sessionOf(held, intent)),
      ]).flat(),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    await api.until(held.id, 'confirmed');
    expect(await api.payments(held.id)).toMatchObject([{ reference: intent, status: 'captured' }]);
    expect(
      (await api.history(held.id)).filter(({ type }) => type === 'payment.received').length,
    ).toBe(1);
  });

  it('may carry the intent whole', async () => {
    const held = await heldSeat();
    const intent = newIntent();
    const session = {
      ...sessionOf(held),
      payment_intent: { id: intent, object: 'payment_intent' },
    };
    expect((await api.stripe(COMPLETED, session)).status).toBe(200);
    expect((await api.until(held.id, 'confirmed')).payment!.reference).toBe(intent);
  });

  it('counts what was received, not what was asked for', async () => {
    const held = await heldSeat();
    expect(
      (await api.stripe(SUCCEEDED, { ...intentOf(held), amount: 1, amount_received: 4500 })).status,
    ).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('and the client’s confirm of the same intent is one payment', async () => {
    const held = await heldSeat();
    const intent = newIntent();
    expect((await api.confirm(held, intent)).status).toBe(200);
    expect((await api.stripe(SUCCEEDED, intentOf(held, intent))).status).toBe(200);
    expect(await api.payments(held.id)).toMatchObject([{ reference: intent, status: 'captured' }]);
  });

  it('of a session that is paid later is pending first, and holds nothing', async () => {
    const held = await heldSeat();
    const session = sessionOf(held);
    await api.stripe(COMPLETED, { ...session, payment_status: 'unpaid' });
    await expectNothingKept(held);
    expect((await typesOf(held)).at(-1)).toBe('payment.pending');
    const answer = await api.stripe('checkout.session.async_payment_succeeded', session);
    expect([answer.status, answer.body.ignored]).toEqual([200, false]);
    const { payment } = await api.until(held.id, 'confirmed');
    expect(payment!.reference).toBe(session.payment_intent);
  });

  it('of a session whose payment fails later is noted, and the hold stays', async () => {
    const held = await heldSeat();
    const session = { ...sessionOf(held), payment_status: 'unpaid' };
    await api.stripe('payment_intent.processing', intentOf(held, session.payment_intent));
    await api.stripe('checkout.session.async_payment_failed', session);
    expect((await typesOf(held)).slice(1)).toEqual(['payment.pending', 'payment.failed']);
    await expectNothingKept(held);
  });

  it('of a session that needs no payment confirms what costs nothing', async () => {
    const event = await api.event({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 0 },
        { code: 'floor', name: 'Floor', price: 0 },
      ],
    });
    const held = await api.held(event, ['A-1']);
    const session = { ...sessionOf(held), payment_intent: null };
    await api.stripe(COMPLETED, { ...session, payment_status: 'no_payment_required' });
    expect((await api.until(held.id, 'confirmed')).payment).toMatchObject({
      reference: session.id,
      amount: 0,
    });
  });

  it('of a session that needs no payment is a note for what costs something', async () => {
    const held = await heldSeat();
    const session = { ...sessionOf(held), payment_status: 'no_payment_required' };
    expect((await api.stripe(COMPLETED, session)).status).toBe(200);
    await expectNothingKept(held);
    expect(await notesOf(held)).toMatchObject([{ kind: 'event_not_understood' }]);
  });

  it.each([
    ['charge.succeeded', (held: Reservation) => intentOf(held)],
    ['invoice.paid', (held: Reservation) => ({ lines: { data: [{ line: intentOf(held) }] } })],
    [SUCCEEDED, (held: Reservation) => ({ ...intentOf(held), amount_received: 'much' })],
  ])(
    '%s that names a reservation and is not understood is a note, once',
    async (type, objectOf) => {
      const held = await heldSeat();
      const object = objectOf(held);
      for (let time = 0; time < 2; time++) {
        const answer = await api.stripe(type, object);
        expect([answer.status, answer.body.ignored]).toEqual([200, true]);
      }
      await expectNothingKept(held);
      expect(await notesOf(held)).toMatchObject([{ kind: 'event_not_understood', data: { type } }]);
    },
  );

  it('that was not understood needs nobody any more once the payment is known', async () => {
    const held = await heldSeat();
    const intent = newIntent();
    await api.stripe('charge.succeeded', {
      id: 'ch_1',
      payment_intent: intent,
      metadata: { reservation_id: held.id },
    });
    expect(await notesOf(held)).toMatchObject([{ closedAt: null }]);
    await api.stripe(SUCCEEDED, intentOf(held, intent));
    await api.until(held.id, 'confirmed');
    expect(await notesOf(held)).toMatchObject([{ closedBy: 'system' }]);
  });

  it('that says again what is known of a payment is no note', async () => {
    const held = await heldSeat();
    const intent = newIntent();
    const charge = { id: 'ch_2', payment_intent: intent, metadata: { reservation_id: held.id } };
    await api.stripe(SUCCEEDED, intentOf(held, intent));
    await api.until(held.id, 'confirmed');
    const answer = await api.stripe('charge.succeeded', charge);
    expect([answer.status, answer.body.ignored]).toEqual([200, true]);
    expect(await notesOf(held)).toEqual([]);
    // Another payment is not this one.
    await api.stripe('charge.succeeded', { ...charge, payment_intent: newIntent() });
    expect(await notesOf(held)).toHaveLength(1);
  });

  it('that was not understood needs nobody any more once a claim of its payment is proven', async () => {
    const held = await heldSeat();
    const intent = newIntent();
    expect((await api.confirm(held, intent)).status).toBe(200);
    const metadata = { reservation_id: held.id };
    await api.stripe('charge.succeeded', { id: 'ch_3', payment_intent: intent, metadata });
    expect(await notesOf(held)).toMatchObject([{ closedAt: null }]);
    await api.stripe(SUCCEEDED, intentOf(held, intent));
    expect(await notesOf(held)).toMatchObject([{ closedBy: 'system' }]);
  });

  it.each([
    ['refund.updated', { amount: 150, currency: 'isk', status: 'succeeded' }],
    ['refund.created', { amount: 1500, status: 'pending' }],
    ['charge.refunded', { object: 'charge', amount_refunded: 150, currency: 'isk' }],
    ['charge.dispute.created', { amount: 1500, status: 'needs_response' }],
    ['charge.dispute.closed', { amount: 150, currency: 'isk', status: 'lost' }],
  ])(
    '%s of a known payment that cannot be read is a note, also where it names no reservation',
    async (type, about) => {
      const held = await heldSeat();
      const intent = newIntent();
      await api.stripe(SUCCEEDED, intentOf(held, intent));
      await api.until(held.id, 'confirmed');
      const object = { id: `x_${randomUUID()}`, payment_intent: { id: intent }, ...about };
      for (let time = 0; time < 2; time++) {
        const answer = await api.stripe(type, object);
        expect([answer.status, answer.body.ignored]).toEqual([200, true]);
      }
      const note = { kind: 'event_not_understood', reference: intent, data: { type } };
      expect(await notesOf(held)).toMatchObject([{ ...note, closedAt: null }]);
      // The payment told again does not close it, nor is it about another payment.
      await api.stripe(COMPLETED, sessionOf(held, intent));
      await api.stripe(type, { ...object, payment_intent: newIntent() });
      expect(await notesOf(held)).toMatchObject([{ ...note, closedAt: null }]);
    },
  );

  it('of a dispute that names its charge alone is a note of the payment that the charge is', async () => {
    const held = await heldSeat();
    const charge = `ch_${randomUUID().replaceAll('-', '')}`;
    await api.stripe(SUCCEEDED, intentOf(held, charge));
    await api.until(held.id, 'confirmed');
    await api.stripe('charge.dispute.created', { id: 'du_1', charge, amount: 'much' });
    expect(await notesOf(held)).toMatchObject([{ reference: charge, closedAt: null }]);
  });

  it.each(['payment_intent.created', 'customer.created', 'checkout.session.expired'])(
    'of the type %s is ignored with 200',
    async (type) => {
      const held = await heldSeat();
      const object = type.startsWith('customer') ? { id: 'cus_1' } : intentOf(held);
      expect((await api.stripe(type, object)).status).toBe(200);
      await expectNothingKept(held);
      expect(await notesOf(held)).toEqual([]);
    },
  );

  it.each([
    ['livemode', { livemode: true }],
    ['account', { account: 'acct_somebody' }],
  ])('of another %s is kept as unmatched and confirms nothing', async (_what, more) => {
    const held = await heldSeat();
    const intent = newIntent();
    const answer = await sendEvent({ type: SUCCEEDED, ...more, object: intentOf(held, intent) });
    expect(answer.status).toBe(200);
    expect((await api.get(held.id)).body).toMatchObject({
      status: 'held',
      payment: null,
      payments: [{ reference: intent, status: 'unmatched' }],
      refunds: [],
    });
    expect(await notesOf(held)).toMatchObject([{ kind: 'payment_unmatched', reference: intent }]);
    expect(await typesOf(held)).toContain('payment.unmatched');
    // The operator sends it again once the settings are right.
    await api.stripe(SUCCEEDED, intentOf(held, intent));
    await api.until(held.id, 'confirmed');
  });

  it.each([
    [
      'a thin event',
      '{"id":"evt_1","object":"v2.core.event","type":"v1.payment_intent.succeeded"}',
    ],
    ['other JSON', '[1, "two"]'],
    ['no JSON', 'hello'],
  ])('with a valid signature that is %s is ignored with 200', async (_what, raw) => {
    const answer = await sendSigned(raw);
    expect([answer.status, answer.body]).toEqual([200, { received: true, ignored: true }]);
  });

  it.each([
    ['no metadata', { metadata: null }],
    ['empty metadata', { metadata: {} }],
    ['metadata about something else', { metadata: { order: '17' } }],
  ])('of a payment with %s is ignored with 200', async (_what, change) => {
    const held = await heldSeat();
    for (const type of [SUCCEEDED, 'payment_intent.payment_failed']) {
      expect((await api.stripe(type, { ...intentOf(held), ...change })).status).toBe(200);
    }
    expect((await api.stripe(COMPLETED, { ...sessionOf(held), ...change })).status).toBe(200);
    await expectNothingKept(held);
  });

  it('of a failed payment is noted once, and the hold stays', async () => {
    const held = await heldSeat();
    const [intent, id] = [newIntent(), `evt_${randomUUID()}`];
    for (let time = 0; time < 2; time++) {
      expect(
        (await api.stripe('payment_intent.payment_failed', intentOf(held, intent), { id })).status,
      ).toBe(200);
    }
    expect((await api.history(held.id)).map(({ type }) => type)).toEqual([
      'reservation.held',
      'payment.failed',
    ]);
    await expectNothingKept(held);
    expect((await api.stripe(SUCCEEDED, intentOf(held, intent))).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('may be as large as Stripe’s events are', async () => {
    const held = await heldSeat();
    const object = { ...intentOf(held), description: 'x'.repeat(60_000) };
    expect((await api.stripe(SUCCEEDED, object)).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });
});

describe('The signature of a Stripe webhook', () => {
  const invalid = [400, 'signature_invalid'];
  const sendRaw = (raw: string, header: string | null) =>
    api.call('POST', '/v1/webhooks/stripe', {
      key: null,
      raw,
      headers: header === null ? {} : { 'stripe-signature': header },
    });
  const eventOf = (held: Reservation) =>
    JSON.stringify({
      id: `evt_${randomUUID()}`,
      object: 'event',
      type: SUCCEEDED,
      data: { object: intentOf(held) },
    });
  const headerFor = (
    payload: string,
    secret = system.info.webhookSecrets.stripe,
    timestamp = secondsFromNow(0),
  ) => Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });

  it.each([
    ['over five minutes old', -360],
    ['over five minutes ahead, which the library lets pass', 360],
    ['a day ahead', 86_400],
  ])('dated %s is refused', async (_when, seconds) => {
    const held = await heldSeat();
    const answer = await api.stripe(SUCCEEDED, intentOf(held), {
      timestamp: secondsFromNow(seconds),
    });
    expect(refusal(answer)).toEqual(invalid);
    await expectNothingKept(held);
  });

  it.each([
    ['four minutes old', -240],
    ['four minutes ahead', 240],
  ])('dated %s is good', async (_when, seconds) => {
    const held = await heldSeat();
    const answer = await api.stripe(SUCCEEDED, intentOf(held), {
      timestamp: secondsFromNow(seconds),
    });
    expect(answer.status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('by another secret is refused', async () => {
    const held = await heldSeat();
    for (const secret of ['whsec_somebody_elses', system.info.webhookSecrets.standard]) {
      expect(refusal(await api.stripe(SUCCEEDED, intentOf(held), { secret }))).toEqual(invalid);
    }
    await expectNothingKept(held);
  });

  it('may be one of several, as while Stripe rolls its secret', async () => {
    const held = await heldSeat();
    const raw = eventOf(held);
    const [time, ours] = headerFor(raw).split(',');
    const theirs = headerFor(raw, 'whsec_the_other').split(',')[1];
    expect((await sendRaw(raw, `${time},${theirs},${ours},v0=${'0'.repeat(64)}`)).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('of the old scheme alone is refused', async () => {
    const held = await heldSeat();
    const raw = eventOf(held);
    expect(refusal(await sendRaw(raw, headerFor(raw).replace('v1=', 'v0=')))).toEqual(invalid);
    await expectNothingKept(held);
  });

  it('covers every byte of the body and the time', async () => {
    const held = await heldSeat();
    const raw = eventOf(held);
    const header = headerFor(raw);
    const later = header.replace(/t=\d+/, `t=${secondsFromNow(1)}`);
    for (const answer of [
      await sendRaw(raw.replace('4500', '4501'), header),
      await sendRaw(`${raw}\n`, header),
      await sendRaw(
        raw,
        later === header ? header.replace(/t=\d+/, `t=${secondsFromNow(2)}`) : later,
      ),
    ]) {
      expect(refusal(answer)).toEqual(invalid);
    }
    await expectNothingKept(held);
  });

  it('cannot be dated twice to pass as fresh', async () => {
    const held = await heldSeat();
    const raw = eventOf(held);
    const old = headerFor(raw, system.info.webhookSecrets.stripe, secondsFromNow(-3600));
    const ahead = headerFor(raw, system.info.webhookSecrets.stripe, secondsFromNow(3600));
    for (const header of [old, ahead]) {
      const now = `t=${secondsFromNow(0)}`;
      expect(refusal(await sendRaw(raw, `${header},${now}`))).toEqual(invalid);
      expect(refusal(await sendRaw(raw, `${now},${header}`))).toEqual(invalid);
    }
    await expectNothingKept(held);
  });

  it.each([null, '', 'nonsense', 't=,v1=', 't=now,v1=abc', 'v1=abc', 't=1'])(
    'like %j is refused',
    async (header) => {
      const held = await heldSeat();
      expect(refusal(await sendRaw(eventOf(held), header))).toEqual(invalid);
      await expectNothingKept(held);
    },
  );
});
