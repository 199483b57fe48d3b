import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, type Page, type Payment, type Reservation } from '../support/api';
import { chargesOf, refundsOf } from '../support/ledger';
import { mailsTo } from '../support/mail-catcher';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const SHORT = { holdTtlSeconds: 1 };
const expiredHold = async (event: string, seats: string[]) => {
  const held = await api.held(event, seats);
  await api.until(held.id, 'expired');
  return held;
};
const payOf = (
  { id, total }: Pick<Reservation, 'id' | 'total'>,
  reference = `pay-${id}`,
  change = {},
) => api.standard({ reservation: id, reference, ...total, ...change });
const untilRefunded = (reservation: string, reference: string) =>
  eventually(async () => {
    const payment = (await api.payments(reservation)).find((one) => one.reference === reference);
    expect(payment).toMatchObject({ reference, status: 'refunded' });
    return payment!;
  });
/** Once the money has gone back, it goes back no second time. */
async function expectRefundedOnce(reservation: string, reference: string, amount: number) {
  await untilRefunded(reservation, reference);
  expect(await chargesOf(system.db, reference)).toHaveLength(1);
  expect(await refundsOf(system.db, reference)).toEqual([{ reference, amount, currency: 'EUR' }]);
}
const age = sql(
  'test_age_payment',
  `update payments set received_at = received_at - $2 * interval '1 minute' where reference = $1`,
);

describe('A payment after the end of the hold', () => {
  it('takes the same seats again if they are all still free', async () => {
    const event = await api.event(SHORT);
    const held = await expiredHold(event, ['A-1', 'A-2']);
    expect((await payOf(held)).status).toBe(200);
    const { payment } = await api.until(held.id, 'confirmed');
    expect(payment).toMatchObject({ reference: `pay-${held.id}`, status: 'captured' });
    for (const label of ['A-1', 'A-2']) expect(await api.seatStatus(event, label)).toBe('sold');
    expect((await api.tickets(held.id)).map(({ status }) => status)).toEqual(['valid', 'valid']);
    expect(await refundsOf(system.db, `pay-${held.id}`)).toEqual([]);
    expect((await api.history(held.id)).map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'reservation.held',
        'reservation.expired',
        'payment.received',
        'reservation.confirmed',
      ]),
    );
  });

  it('takes them also when another held them meanwhile, and that hold has ended too', async () => {
    const event = await api.event(SHORT);
    const held = await expiredHold(event, ['A-1']);
    const between = await expiredHold(event, ['A-1']);
    await payOf(held);
    await api.until(held.id, 'confirmed');
    expect((await api.get(between.id)).body.status).toBe('expired');
    await payOf(between);
    await expectRefundedOnce(between.id, `pay-${between.id}`, 4500);
    expect(await api.seatStatus(event, 'A-1')).toBe('sold');
  });

  it('is refunded, once, when one of the seats is gone; the buyer is told by one mail, the new owner not disturbed', async () => {
    const event = await api.event(SHORT);
    const held = await expiredHold(event, ['A-1', 'A-2']);
    await setHoldTtl(system.db, event, 600);
    const next = await api.sold(event, ['A-2']);
    for (let time = 0; time < 3; time++) expect((await payOf(held)).status).toBe(200);
    await expectRefundedOnce(held.id, `pay-${held.id}`, 9000);
    expect((await api.get(held.id)).body).toMatchObject({
      status: 'expired',
      payment: { status: 'refunded' },
    });
    expect((await api.get(next.id)).body.status).toBe('confirmed');
    expect([await api.seatStatus(event, 'A-1'), await api.seatStatus(event, 'A-2')]).toEqual([
      'available',
      'sold',
    ]);

    const mails = await eventually(async () => {
      const found = await mailsTo(held.buyer!.email);
      expect(found.length).toBeGreaterThan(0);
      return found;
    });
    expect(mails[0]!.subject).toMatch(/refund/i);
    expect(mails[0]!.text).toContain('90.00');
    expect(mails[0]!.attachments).toEqual([]);
    await payOf(held);
    await delay(1000);
    expect(await mailsTo(held.buyer!.email)).toHaveLength(1);
  });

  it('of two, one confirms and the other goes back', async () => {
    const held = await expiredHold(await api.event(SHORT), ['A-1']);
    const references = [`first-${held.id}`, `second-${held.id}`];
    await Promise.all(references.map((reference) => payOf(held, reference)));
    const { payment } = await api.until(held.id, 'confirmed');
    const other = references.find((reference) => reference !== payment!.reference)!;
    await expectRefundedOnce(held.id, other, 4500);
    expect((await api.get(held.id)).body.payment).toMatchObject({
      reference: payment!.reference,
      status: 'captured',
    });
  });

  it('at the same moment as another buyer’s hold ends with one owner, and the money on the right side', async () => {
    for (let round = 0; round < 4; round++) {
      const event = await api.event(SHORT);
      const held = await api.held(event, ['A-1']);
      await delay(Math.max(0, Date.parse(held.expiresAt) - Date.now()));
      const [paid, hold] = await Promise.all([payOf(held), api.hold(event, ['A-1'])]);
      expect(paid.status).toBe(200);
      expect([201, 409]).toContain(hold.status);
      await eventually(async () => {
        const [payment] = await api.payments(held.id);
        const { status } = (await api.get(held.id)).body;
        // A hold that came between and has itself ended leaves the seat to the payment.
        expect([`confirmed captured`, `expired refunded`]).toContain(
          `${status} ${payment!.status}`,
        );
      });
      if (hold.status === 409) expect((await api.get(held.id)).body.status).toBe('confirmed');
    }
  });

  it('does not outlast the start of the event: it goes back, and the buyer is told by one mail', async () => {
    const event = await api.event(SHORT);
    const held = await expiredHold(event, ['A-1']);
    const begin = sql('test_begin', 'update events set starts_at = now() where slug = $1');
    await system.db.run(begin, [event]);
    const reference = `pay-${held.id}`;
    expect((await payOf(held)).status).toBe(200);
    expect(await untilRefunded(held.id, reference)).toMatchObject({
      refundReason: 'event_started',
    });
    await expectRefundedOnce(held.id, reference, 4500);
    expect((await api.get(held.id)).body.status).toBe('expired');
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
    await eventually(async () => {
      const [mail, ...more] = await mailsTo(held.buyer!.email);
      expect([mail?.subject, more]).toEqual(['Your refund of €45.00: Hamlet', []]);
    });
  });

  it('with a wrong amount goes back, even though the seats are free', async () => {
    const event = await api.event(SHORT);
    const held = await expiredHold(event, ['A-1']);
    await payOf(held, `pay-${held.id}`, { amount: 4400 });
    await expectRefundedOnce(held.id, `pay-${held.id}`, 4400);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });
});

describe('A payment in time', () => {
  it('keeps the seats even when the actor comes late: it stays held until confirmed', async () => {
    const event = await api.event(SHORT);
    const held = await api.held(event, ['A-1']);
    expect((await payOf(held)).status).toBe(200);
    const seen = new Set<string>();
    await eventually(async () => {
      const { status } = (await api.get(held.id)).body;
      seen.add(status);
      expect(status).toBe('confirmed');
    });
    expect(['held', 'confirmed']).toEqual(expect.arrayContaining([...seen]));
  });

  it('with a wrong amount or currency goes back; the reservation stays held, and can still be paid', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await payOf(held, `low-${held.id}`, { amount: 4499 });
    await payOf(held, `usd-${held.id}`, { currency: 'USD' });
    await expectRefundedOnce(held.id, `low-${held.id}`, 4499);
    await untilRefunded(held.id, `usd-${held.id}`);
    expect(await refundsOf(system.db, `usd-${held.id}`)).toMatchObject([
      { amount: 4500, currency: 'USD' },
    ]);
    expect((await api.get(held.id)).body).toMatchObject({
      status: 'held',
      payment: { reference: `usd-${held.id}` },
    });
    expect((await api.confirm(held)).body.status).toBe('confirmed');
  });

  it('with a wrong amount does not keep the hold from ending', async () => {
    const event = await api.event(SHORT);
    const held = await api.held(event, ['A-1']);
    await payOf(held, `pay-${held.id}`, { amount: 1 });
    await api.until(held.id, 'expired');
    expect((await api.hold(event, ['A-1'])).status).toBe(201);
  });

  it('that is the second goes back; the first stays the one that counts', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await payOf(sold, `again-${sold.id}`);
    await expectRefundedOnce(sold.id, `again-${sold.id}`, 4500);
    expect((await api.get(sold.id)).body).toMatchObject({
      status: 'confirmed',
      payment: sold.payment,
      seats: sold.seats,
    });
    expect(await refundsOf(system.db, sold.payment!.reference)).toEqual([]);
  });

  it('that is the second goes back also when both come at once', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const references = Array.from({ length: 5 }, (_, index) => `pay-${held.id}-${index}`);
    await Promise.all(references.map((reference) => payOf(held, reference)));
    const { payment } = await api.until(held.id, 'confirmed');
    for (const reference of references.filter((one) => one !== payment!.reference)) {
      await expectRefundedOnce(held.id, reference, 4500);
    }
    expect(await refundsOf(system.db, payment!.reference)).toEqual([]);
  });

  it('whose reference is proven already for another reservation is no payment of this one', async () => {
    const event = await api.event();
    const paid = await api.held(event, ['A-1']);
    await api.pay(paid);
    const sold = await api.until(paid.id, 'confirmed');
    const held = await api.held(event, ['A-2']);
    expect((await payOf(held, sold.payment!.reference)).status).toBe(200);
    await delay(1000);
    expect((await api.get(held.id)).body).toEqual(held);
    expect((await api.get(sold.id)).body).toMatchObject({
      status: 'confirmed',
      payment: sold.payment,
      seats: sold.seats,
    });
    expect(await chargesOf(system.db, sold.payment!.reference)).toHaveLength(1);
    expect(await refundsOf(system.db, sold.payment!.reference)).toEqual([]);
  });
});

describe('A payment after a cancel', () => {
  it('goes back, and the seats stay free', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    await api.cancel(held.id);
    expect((await payOf(held)).status).toBe(200);
    await expectRefundedOnce(held.id, `pay-${held.id}`, 4500);
    expect((await api.get(held.id)).body).toMatchObject({
      status: 'cancelled',
      payment: { status: 'refunded' },
    });
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('of a sale goes back as the first one did', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.cancel(sold.id);
    await payOf(sold, `again-${sold.id}`);
    await expectRefundedOnce(sold.id, sold.payment!.reference, 4500);
    await expectRefundedOnce(sold.id, `again-${sold.id}`, 4500);
    expect((await api.get(sold.id)).body.payment!.reference).toBe(sold.payment!.reference);
  });

  it('and at the same moment: nobody has both the seat and the money', async () => {
    for (let round = 0; round < 4; round++) {
      const event = await api.event();
      const held = await api.held(event, ['A-1']);
      await Promise.all([payOf(held), api.cancel(held.id)]);
      await api.until(held.id, 'cancelled');
      await expectRefundedOnce(held.id, `pay-${held.id}`, 4500);
      expect(await api.seatStatus(event, 'A-1')).toBe('available');
    }
  });
});

describe('A payment for a reservation that does not exist', () => {
  const total = { amount: 4500, currency: 'EUR' };
  const listed = async (query: string) => {
    const path = `/v1/payments?limit=200&${query}`;
    return (await api.call<Page<Payment>>('GET', path, { key: system.info.keys.operator })).body
      .data;
  };

  it('is kept and listed, and refunded when there is none within ten minutes', async () => {
    const id = randomUUID();
    const reference = `pay-${id}`;
    expect((await payOf({ id, total })).status).toBe(200);
    expect(await listed('reservationExists=false')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          reference,
          reservation: id,
          reservationExists: false,
          status: 'captured',
          amount: total,
        }),
      ]),
    );
    await system.db.run(age, [reference, 9]);
    await delay(5000);
    expect(await api.payments(id)).toMatchObject([{ status: 'captured' }]);
    await system.db.run(age, [reference, 1]);
    await expectRefundedOnce(id, reference, 4500);
    expect(await api.payments(id)).toMatchObject([{ refundReason: 'unknown_reservation' }]);
  });

  it('confirms the reservation when it comes to be within that time', async () => {
    const id = randomUUID();
    await payOf({ id, total });
    const held = await api.held(await api.event(), ['A-1'], { id });
    expect(held.status).toBe('held');
    expect((await api.until(id, 'confirmed')).payment).toMatchObject({
      reference: `pay-${id}`,
      status: 'captured',
    });
    await system.db.run(age, [`pay-${id}`, 20]);
    await delay(3000);
    expect((await api.get(id)).body.payment!.status).toBe('captured');
  });

  it('is never lost, whatever name the provider gives it', async () => {
    const names = ['x', 'with blank', 'a:b', '🎭 né', 'x'.repeat(500), '../../etc/passwd', '%00'];
    await Promise.all(
      names.map(async (name) => {
        const reference = `pay-${randomUUID()}`;
        expect((await api.standard({ reservation: name, reference, ...total })).status).toBe(200);
        expect(await api.payments(name)).toMatchObject([
          { reference, reservation: name, status: 'captured' },
        ]);
        await system.db.run(age, [reference, 11]);
        await expectRefundedOnce(name, reference, 4500);
      }),
    );
  });
});
