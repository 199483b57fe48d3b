import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { chargesOf } from '../support/ledger';
import { startSystem, type TestSystem } from '../support/system';

/** While a secret is being replaced both are good; the system knows the first of them as its own. */
const [current, next] = [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`) as [
  string,
  string,
];
let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  const both = `${current},${next}`;
  system = await startSystem({
    apiEnv: { STANDARD_WEBHOOK_SECRET: both, STRIPE_WEBHOOK_SECRET: both },
  });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const paymentOf = ({ id, total }: Reservation, reference = `pay-${id}`) => ({
  reservation: id,
  reference,
  ...total,
});
const heldSeat = async () => api.held(await api.event(), ['A-1']);
const send = (data: unknown, options: Parameters<ApiClient['standard']>[1] = {}) =>
  api.standard(data, { secret: current, ...options });
const sendRaw = (raw: string, headers: Record<string, string>) =>
  api.call('POST', '/v1/webhooks/standard', { key: null, raw, headers });
const signed = (raw: string, id = `msg_${randomUUID()}`, at = new Date()) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(current).sign(id, at, raw),
});
const IGNORED = { status: 200, body: { received: true, ignored: true } };
const notesOf = async ({ id }: Reservation) =>
  (await api.notes()).filter((note) => note.reservation === id);
/** A refused webhook leaves nothing: no payment is kept, and the hold stays one. */
async function expectNothingKept(held: Reservation) {
  expect(await api.payments(held.id)).toEqual([]);
  expect((await api.get(held.id)).body).toEqual(held);
  expect((await api.history(held.id)).map(({ type }) => type)).toEqual(['reservation.held']);
}

describe('A standard webhook', () => {
  it('of a payment confirms the reservation', async () => {
    const held = await heldSeat();
    const answer = await send(paymentOf(held));
    expect(answer.status).toBe(200);
    const { payment } = await api.until(held.id, 'confirmed');
    expect(payment).toEqual({
      reference: `pay-${held.id}`,
      amount: 4500,
      currency: 'EUR',
      status: 'captured',
    });
    expect(await chargesOf(system.db, `pay-${held.id}`)).toHaveLength(1);
  });

  it('needs no key, and does not mind one', async () => {
    const held = await heldSeat();
    const raw = JSON.stringify({ type: 'payment.succeeded', data: paymentOf(held) });
    const options = { key: system.info.keys.scanner, raw, headers: signed(raw) };
    expect((await api.call('POST', '/v1/webhooks/standard', options)).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('delivered twice, with one id or with two, has one effect', async () => {
    const held = await heldSeat();
    const id = `msg_${randomUUID()}`;
    expect((await send(paymentOf(held), { id })).status).toBe(200);
    expect((await send(paymentOf(held), { id })).status).toBe(200);
    await api.until(held.id, 'confirmed');
    expect((await send(paymentOf(held), { id })).status).toBe(200);
    expect((await send(paymentOf(held))).status).toBe(200);
    expect(await api.payments(held.id)).toMatchObject([{ status: 'captured' }]);
    expect(
      (await api.history(held.id)).filter(({ type }) => type === 'payment.received').length,
    ).toBe(1);
    expect(await chargesOf(system.db, `pay-${held.id}`)).toHaveLength(1);
  });

  it('delivered twenty times at once has one effect', async () => {
    const held = await heldSeat();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(paymentOf(held))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    await api.until(held.id, 'confirmed');
    expect(await api.payments(held.id)).toHaveLength(1);
    expect(
      (await api.history(held.id)).filter(({ type }) => type === 'reservation.confirmed').length,
    ).toBe(1);
  });

  it('may write its currency small', async () => {
    const held = await heldSeat();
    expect((await send({ ...paymentOf(held), currency: 'eur' })).status).toBe(200);
    expect((await api.until(held.id, 'confirmed')).payment!.currency).toBe('EUR');
  });

  it('may say more than we read', async () => {
    const held = await heldSeat();
    expect((await send({ ...paymentOf(held), method: 'card', nested: { deep: [1] } })).status).toBe(
      200,
    );
    await api.until(held.id, 'confirmed');
  });

  it('of a failed payment is noted in the history, once, and the buyer may try again', async () => {
    const held = await heldSeat();
    const id = `msg_${randomUUID()}`;
    for (let time = 0; time < 2; time++) {
      expect((await send(paymentOf(held), { id, type: 'payment.failed' })).status).toBe(200);
    }
    expect((await api.get(held.id)).body).toMatchObject({ status: 'held', payment: null });
    expect((await api.history(held.id)).map(({ type }) => type)).toEqual([
      'reservation.held',
      'payment.failed',
    ]);
    expect((await send(paymentOf(held))).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it.each(['payment.refunded', 'customer.created', '', 'PAYMENT.SUCCEEDED'])(
    'of the type "%s" is ignored with 200',
    async (type) => {
      const held = await heldSeat();
      expect((await send(paymentOf(held), { type })).status).toBe(200);
      await expectNothingKept(held);
    },
  );

  it.each([
    ['without a reference', { reference: undefined }],
    ['with an empty reference', { reference: '' }],
    ['with a reference that cannot be stored', { reference: 'a\u0000b' }],
    ['without an amount', { amount: undefined }],
    ['with half a cent', { amount: 4500.5 }],
    ['with less than nothing', { amount: -4500 }],
    ['with an amount as text', { amount: '4500' }],
    ['with a currency that is none', { currency: 'euros' }],
  ])('with a valid signature but %s is a note, and nothing is kept', async (_what, change) => {
    const held = await heldSeat();
    for (let time = 0; time < 2; time++)
      expect(await send({ ...paymentOf(held), ...change })).toMatchObject(IGNORED);
    await expectNothingKept(held);
    const [field] = Object.keys(change);
    expect(await notesOf(held)).toMatchObject([
      {
        kind: 'event_not_understood',
        data: { type: 'payment.succeeded', why: expect.stringContaining(field!) as string },
        closedAt: null,
      },
    ]);
  });

  it('that was not understood asks nobody any more once its payment is known', async () => {
    const held = await heldSeat();
    await send({ ...paymentOf(held), amount: undefined });
    expect(await notesOf(held)).toMatchObject([{ closedAt: null }]);
    await send(paymentOf(held));
    await api.until(held.id, 'confirmed');
    expect(await notesOf(held)).toMatchObject([{ closedBy: 'system' }]);
    await send({ ...paymentOf(held), currency: 'euros' });
    await send(paymentOf(held), { type: 'payment.captured' });
    expect(await notesOf(held)).toHaveLength(1);
    // What came after the payment is news all the same.
    await send(paymentOf(held), { type: 'payment.refunded' });
    expect(await notesOf(held)).toMatchObject([
      { data: { type: 'payment.refunded' }, closedAt: null },
      { closedBy: 'system' },
    ]);
  });

  it.each([
    ['no reservation', { reservation: undefined }],
    ['a reservation that is none of ours', { reservation: 'of-another-shop' }],
    ['a reservation that cannot be stored', { reservation: 'a\u0000b' }],
  ])('that is not understood and names %s is ignored', async (_what, change) => {
    const held = await heldSeat();
    const before = await api.notes();
    const answer = await send({ ...paymentOf(held), amount: undefined, ...change });
    expect(answer).toMatchObject(IGNORED);
    expect(await api.notes()).toEqual(before);
  });
});

describe('The signature of a standard webhook', () => {
  const invalid = [400, 'signature_invalid'];

  it('may be by either secret while one is being replaced, and by no other', async () => {
    for (const secret of [current, next]) {
      const held = await heldSeat();
      expect((await send(paymentOf(held), { secret })).status).toBe(200);
      await api.until(held.id, 'confirmed');
    }
    const held = await heldSeat();
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    expect(refusal(await send(paymentOf(held), { secret }))).toEqual(invalid);
    expect(
      refusal(await send(paymentOf(held), { secret: system.info.webhookSecrets.stripe })),
    ).toEqual(invalid);
    await expectNothingKept(held);
  });

  it('of Stripe may be replaced likewise', async () => {
    for (const secret of [current, next]) {
      const held = await heldSeat();
      const intent = {
        id: `pi_${held.id}`,
        amount: 4500,
        currency: 'eur',
        metadata: { reservation_id: held.id },
      };
      expect((await api.stripe('payment_intent.succeeded', intent, { secret })).status).toBe(200);
      await api.until(held.id, 'confirmed');
    }
  });

  it('may be one of several', async () => {
    const held = await heldSeat();
    const raw = JSON.stringify({ type: 'payment.succeeded', data: paymentOf(held) });
    const headers = signed(raw);
    const other = new Webhook(`whsec_${randomBytes(24).toString('base64')}`).sign(
      headers['webhook-id'],
      new Date(),
      raw,
    );
    const all = `${other} v1a,bm90IG91cnM= ${headers['webhook-signature']}`;
    expect((await sendRaw(raw, { ...headers, 'webhook-signature': all })).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it.each([
    ['over five minutes old', -6],
    ['over five minutes ahead', 6],
    ['a year old', -525_600],
  ])('dated %s is refused', async (_when, minutes) => {
    const held = await heldSeat();
    expect(refusal(await send(paymentOf(held), { at: minutesFromNow(minutes) }))).toEqual(invalid);
    await expectNothingKept(held);
  });

  it.each([
    ['four minutes old', -4],
    ['four minutes ahead', 4],
  ])('dated %s is good', async (_when, minutes) => {
    const held = await heldSeat();
    expect((await send(paymentOf(held), { at: minutesFromNow(minutes) })).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('covers every byte of the body, the id and the time', async () => {
    const held = await heldSeat();
    const raw = JSON.stringify({ type: 'payment.succeeded', data: paymentOf(held) });
    const headers = signed(raw);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    for (const answer of [
      await sendRaw(raw.replace('4500', '4501'), headers),
      await sendRaw(`${raw} `, headers),
      await sendRaw(raw, { ...headers, 'webhook-id': 'msg_other' }),
      await sendRaw(raw, { ...headers, 'webhook-timestamp': later }),
    ]) {
      expect(refusal(answer)).toEqual(invalid);
    }
    await expectNothingKept(held);
  });

  it.each([
    ['no headers at all', {}],
    [
      'no signature',
      { 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) },
    ],
    [
      'an empty signature',
      {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': '',
      },
    ],
    [
      'nonsense as signature',
      {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,nonsense',
      },
    ],
    [
      'a time that is none',
      { 'webhook-id': 'msg_1', 'webhook-timestamp': 'now', 'webhook-signature': 'v1,bm8=' },
    ],
  ])('is missed where there is %s', async (_what, headers: Record<string, string>) => {
    const held = await heldSeat();
    const raw = JSON.stringify({ type: 'payment.succeeded', data: paymentOf(held) });
    expect(refusal(await sendRaw(raw, headers))).toEqual(invalid);
    await expectNothingKept(held);
  });

  it('is checked over the bytes as they came, whatever the language', async () => {
    const held = await heldSeat();
    const raw = `{\n  "type": "payment.succeeded",\t"data": ${JSON.stringify({ ...paymentOf(held), note: 'žluťoučký kůň 🐎' })} }`;
    expect((await sendRaw(raw, signed(raw))).status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('does not make JSON of what is none', async () => {
    const raw = 'payment=succeeded';
    const answer = await sendRaw(raw, signed(raw));
    expect(answer.status).toBe(400);
  });
});

describe('A payment by webhook', () => {
  it('confirms also while the buyer extends and the hold is about to end', async () => {
    const held = await api.held(await api.event({ holdTtlSeconds: 2 }), ['A-1']);
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(Date.parse(held.expiresAt) - 700);
    });
    const [extended, paid] = await Promise.all([
      api.call('POST', `/v1/reservations/${held.id}/extend`),
      send(paymentOf(held)),
    ]);
    expect([200, 409]).toContain(extended.status);
    expect(paid.status).toBe(200);
    await api.until(held.id, 'confirmed');
  });

  it('and a confirm with another reference at once: one confirms, no money is lost', async () => {
    const held = await heldSeat();
    const [paid, confirmed] = await Promise.all([
      send(paymentOf(held, 'by-webhook')),
      api.confirm(held, 'by-client'),
    ]);
    expect(paid.status).toBe(200);
    const { payment } = await api.until(held.id, 'confirmed');
    if (confirmed.status === 200) expect(payment!.reference).toMatch(/^by-/);
    else expect(refusal(confirmed)).toEqual([409, 'reservation_confirmed']);
    await eventually(async () => {
      const payments = await api.payments(held.id);
      expect(payments.filter(({ status }) => status === 'captured').length).toBe(1);
      expect(payments.filter(({ status }) => status === 'refunded').length).toBe(
        payments.length - 1,
      );
    });
  });
});
