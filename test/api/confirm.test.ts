import { randomUUID } from 'node:crypto';
import { ApiClient, refusal } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';
import { refundsOf, chargesOf } from '../support/ledger';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const expired = async () => {
  const held = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
  await api.until(held.id, 'expired');
  return held;
};
const cancelled = async () => {
  const held = await api.held(await api.event(), ['A-1']);
  expect((await api.cancel(held.id)).status).toBe(200);
  return held;
};
/** A refused confirm leaves nothing behind: no payment, no charge in the provider's books, no line in the history. */
async function expectNoTrace(id: string, reference: string) {
  expect(await api.payments(id)).toEqual([]);
  expect(await chargesOf(system.db, reference)).toEqual([]);
  expect(await refundsOf(system.db, reference)).toEqual([]);
  expect((await api.history(id)).map(({ type }) => type)).not.toContain('payment.received');
}

describe('Confirm', () => {
  it('sells the seats and answers with the confirmed reservation', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1', 'A-2']);
    const { status, body } = await api.confirm(held, 'till-17');
    expect(status).toBe(200);
    expect(body).toEqual({
      ...held,
      status: 'confirmed',
      amounts: { ...held.amounts, paid: held.total },
      updatedAt: expect.any(String) as string,
      payment: { reference: 'till-17', amount: 9000, currency: 'EUR', status: 'captured' },
      payments: [expect.objectContaining({ reference: 'till-17', status: 'captured' })],
    });
    expect((await api.get(held.id)).body).toEqual(body);
    for (const label of ['A-1', 'A-2']) expect(await api.seatStatus(event, label)).toBe('sold');
    expect(await chargesOf(system.db, 'till-17')).toEqual([
      { reference: 'till-17', amount: 9000, currency: 'EUR' },
    ]);
  });

  it('again with the same reference answers the same, at any later time', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const reference = `pay-${held.id}`;
    const first = await api.confirm(held, reference);
    const second = await api.confirm(held, reference);
    await api.tickets(held.id);
    const third = await api.confirm(held, reference);
    for (const answer of [second, third])
      expect([answer.status, answer.body]).toEqual([200, first.body]);
    expect((await api.payments(held.id)).length).toBe(1);
    expect(
      (await api.history(held.id)).filter(({ type }) => type === 'reservation.confirmed').length,
    ).toBe(1);
  });

  it('ten times at once with one reference confirms once, and all hear so', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.confirm(held, `pay-${held.id}`)),
    );
    expect(answers.map(({ status, body }) => [status, body.status])).toEqual(
      Array.from({ length: 10 }, () => [200, 'confirmed']),
    );
    expect(await chargesOf(system.db, `pay-${held.id}`)).toHaveLength(1);
  });

  it('ten times at once with ten references takes one payment; the others are refused and leave no trace', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const references = Array.from({ length: 10 }, (_, index) => `pay-${held.id}-${index}`);
    const answers = await Promise.all(references.map((reference) => api.confirm(held, reference)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(refusal(answer)).toEqual([409, 'reservation_confirmed']);
    }
    expect(await api.payments(held.id)).toMatchObject([{ status: 'captured' }]);
  });

  it('with another reference, when confirmed, is refused', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    expect(refusal(await api.confirm(sold, 'another'))).toEqual([409, 'reservation_confirmed']);
    expect((await api.payments(sold.id)).length).toBe(1);
    expect(await chargesOf(system.db, 'another')).toEqual([]);
  });

  it.each([
    ['a wrong amount', { amount: 4499, currency: 'EUR' }],
    ['too much', { amount: 4501, currency: 'EUR' }],
    ['nothing', { amount: 0, currency: 'EUR' }],
    ['a wrong currency', { amount: 4500, currency: 'USD' }],
  ])(
    'with %s is refused; the reservation stays held, and nothing is recorded',
    async (_what, total) => {
      const held = await api.held(await api.event(), ['A-1']);
      const reference = `pay-${held.id}`;
      expect(refusal(await api.confirm({ id: held.id, total }, reference))).toEqual([
        422,
        'payment_mismatch',
      ]);
      expect((await api.get(held.id)).body).toEqual(held);
      await expectNoTrace(held.id, reference);
      expect((await api.confirm(held, reference)).status).toBe(200);
    },
  );

  it('with the reference of another reservation’s payment is refused', async () => {
    const event = await api.event();
    const sold = await api.sold(event, ['A-1']);
    const held = await api.held(event, ['A-2']);
    expect(refusal(await api.confirm(held, sold.payment!.reference))).toEqual([
      422,
      'payment_mismatch',
    ]);
    expect((await api.get(held.id)).body.status).toBe('held');
    expect(await api.payments(held.id)).toEqual([]);
  });

  it('of two reservations at once with one reference confirms one', async () => {
    const event = await api.event();
    const held = await Promise.all([api.held(event, ['A-1']), api.held(event, ['A-2'])]);
    const reference = `pay-${randomUUID()}`;
    const answers = await Promise.all(held.map((one) => api.confirm(one, reference)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    expect(await chargesOf(system.db, reference)).toHaveLength(1);
  });

  it('after the end is refused and neither recorded nor refunded', async () => {
    const held = await expired();
    expect(refusal(await api.confirm(held, 'too-late'))).toEqual([409, 'reservation_expired']);
    await expectNoTrace(held.id, 'too-late');
    expect((await api.get(held.id)).body.status).toBe('expired');
  });

  it('after a cancel is refused and neither recorded nor refunded', async () => {
    const held = await cancelled();
    expect(refusal(await api.confirm(held, 'gone'))).toEqual([409, 'reservation_cancelled']);
    await expectNoTrace(held.id, 'gone');
  });

  it('and a webhook of the same payment at once is one payment', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const reference = `pay-${held.id}`;
    const [confirmed, paid] = await Promise.all([
      api.confirm(held, reference),
      api.pay(held, reference),
    ]);
    expect([confirmed.status, confirmed.body.status, paid.status]).toEqual([200, 'confirmed', 200]);
    expect(await api.payments(held.id)).toMatchObject([{ reference, status: 'captured' }]);
    expect(await chargesOf(system.db, reference)).toHaveLength(1);
  });

  it.each([
    [{}, 'payment'],
    [{ payment: { amount: 1, currency: 'EUR' } }, 'payment.reference'],
    [{ payment: { reference: '', amount: 1, currency: 'EUR' } }, 'payment.reference'],
    [{ payment: { reference: 'x'.repeat(256), amount: 1, currency: 'EUR' } }, 'payment.reference'],
    [{ payment: { reference: 'x', amount: 1, currency: 'euro' } }, 'payment.currency'],
    [{ payment: { reference: 'x', amount: 1, currency: 'EUR', method: 'cash' } }, 'payment.method'],
  ])('with the body %j is refused, naming %s', async (body, path) => {
    const held = await api.held(await api.event(), ['A-1']);
    const answer = await api.call('POST', `/v1/reservations/${held.id}/confirm`, { body });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toContain(path);
  });
});
