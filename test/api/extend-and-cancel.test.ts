import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { refundsOf } from '../support/ledger';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const extend = (id: string) => api.call<Reservation>('POST', `/v1/reservations/${id}/extend`);
const past = (time: string) =>
  eventually(() => {
    expect(Date.now()).toBeGreaterThan(Date.parse(time));
  });

describe('Extend', () => {
  it('lets the hold last its full time from now', async () => {
    const event = await api.event({ holdTtlSeconds: 60 });
    const held = await api.held(event, ['A-1']);
    const before = Date.now();
    const { status, body } = await extend(held.id);
    const { expiresAt, updatedAt } = held;
    expect([status, { ...body, expiresAt, updatedAt }]).toEqual([200, held]);
    expect(body.updatedAt > updatedAt).toBe(true);
    expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.parse(held.expiresAt));
    expect(Date.parse(body.expiresAt) - 60_000).toBeGreaterThanOrEqual(before - 5000);
    expect(Date.parse(body.expiresAt) - 60_000).toBeLessThanOrEqual(Date.now() + 5000);
    expect((await api.get(held.id)).body).toEqual(body);
  });

  it('keeps the seats beyond the first end, and then the hold ends all the same', async () => {
    const event = await api.event({ holdTtlSeconds: 10, holdCapSeconds: 20 });
    const held = await api.held(event, ['A-1']);
    await past(new Date(Date.parse(held.expiresAt) - 6000).toISOString());
    const { body } = await extend(held.id);
    await past(held.expiresAt);
    expect((await api.get(held.id)).body.status).toBe('held');
    expect(refusal(await api.hold(event, ['A-1']))).toEqual([409, 'seats_unavailable']);
    const { expiresAt } = await api.until(held.id, 'expired');
    expect(expiresAt).toBe(body.expiresAt);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
    await eventually(async () => {
      expect((await api.history(held.id)).map(({ type }) => type)).toEqual([
        'reservation.held',
        'reservation.extended',
        'reservation.expired',
      ]);
    });
  });

  it('goes at most to the cap after the creation, and says so once there', async () => {
    const event = await api.event({ holdTtlSeconds: 60, holdCapSeconds: 60 });
    const held = await api.held(event, ['A-1']);
    expect(refusal(await extend(held.id))).toEqual([409, 'extension_limit']);

    const roomy = await api.event({ holdTtlSeconds: 60, holdCapSeconds: 61 });
    const second = await api.held(roomy, ['A-1']);
    await past(new Date(Date.parse(second.createdAt) + 1100).toISOString());
    const { body } = await extend(second.id);
    expect(Date.parse(body.expiresAt) - Date.parse(second.createdAt)).toBe(61_000);
    expect(refusal(await extend(second.id))).toEqual([409, 'extension_limit']);
    expect((await api.get(second.id)).body).toEqual(body);
  });

  it('after the end is refused, and takes nothing back', async () => {
    const event = await api.event({ holdTtlSeconds: 1 });
    const held = await api.held(event, ['A-1']);
    await past(held.expiresAt);
    expect(refusal(await extend(held.id))).toEqual([409, 'reservation_expired']);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('after a cancel is refused', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await api.cancel(held.id);
    expect(refusal(await extend(held.id))).toEqual([409, 'reservation_cancelled']);
  });

  it('when confirmed is refused', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    expect(refusal(await extend(sold.id))).toEqual([409, 'reservation_confirmed']);
  });

  it('ten times at once is one hold, extended', async () => {
    const held = await api.held(await api.event({ holdTtlSeconds: 60 }), ['A-1']);
    const answers = await Promise.all(Array.from({ length: 10 }, () => extend(held.id)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const latest = Math.max(...answers.map(({ body }) => Date.parse(body.expiresAt)));
    expect(Date.parse((await api.get(held.id)).body.expiresAt)).toBe(latest);
  });
});

describe('Cancel', () => {
  it('releases a hold at once', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    const { status, body } = await api.cancel(held.id);
    const cancelRequestedAt = expect.stringMatching(/^\d{4}-/) as string;
    const updatedAt = cancelRequestedAt;
    expect([status, body]).toEqual([
      200,
      { ...held, status: 'cancelled', cancelRequestedAt, updatedAt },
    ]);
    expect((await api.hold(event, ['A-1'])).status).toBe(201);
  });

  it('of a confirmed one voids the tickets, frees the seats and refunds the payment, once', async () => {
    const event = await api.event();
    const sold = await api.sold(event, ['A-1', 'A-2']);
    await api.tickets(sold.id);
    const { status, body } = await api.cancel(sold.id);
    expect([status, body.status, body.payment!.reference]).toEqual([
      200,
      'cancelled',
      sold.payment!.reference,
    ]);
    expect(['refunding', 'refunded']).toContain(body.payment!.status);
    await eventually(async () => {
      expect((await api.get(sold.id)).body.payment!.status).toBe('refunded');
    });
    const { reference } = sold.payment!;
    expect(await refundsOf(system.db, reference)).toEqual([
      { reference, amount: 9000, currency: 'EUR' },
    ]);
    expect((await api.tickets(sold.id)).map((ticket) => ticket.status)).toEqual(['void', 'void']);
    expect((await api.hold(event, ['A-1', 'A-2'])).status).toBe(201);
  });

  it('right after the confirmation, before there are tickets, leaves none that is valid and sends none later', async () => {
    const event = await api.event();
    const sold = await api.sold(event, ['A-1']);
    expect((await api.cancel(sold.id)).body.status).toBe('cancelled');
    await eventually(async () => {
      expect((await api.get(sold.id)).body.payment!.status).toBe('refunded');
    });
    const next = await api.sold(event, ['A-1']);
    expect((await api.tickets(next.id)).map((ticket) => ticket.status)).toEqual(['valid']);
    const answer = await api.call<{ data?: { status: string }[] }>(
      'GET',
      `/v1/reservations/${sold.id}/tickets`,
    );
    expect((answer.body.data ?? []).filter((ticket) => ticket.status !== 'void')).toEqual([]);
  });

  it('is safe to repeat', async () => {
    const event = await api.event();
    const sold = await api.sold(event, ['A-1']);
    await api.cancel(sold.id);
    await api.held(event, ['A-1']);
    const again = await api.cancel(sold.id);
    expect([again.status, again.body.status]).toEqual([200, 'cancelled']);
    expect(await api.seatStatus(event, 'A-1')).toBe('held');
    expect(
      (await api.history(sold.id)).filter(({ type }) => type === 'reservation.cancelled').length,
    ).toBe(1);
    await eventually(async () => {
      expect(await refundsOf(system.db, sold.payment!.reference)).toHaveLength(1);
    });
  });

  it('ten times at once cancels once, refunds once, and all hear so', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.cancel(sold.id)));
    expect(answers.map(({ status, body }) => [status, body.status])).toEqual(
      Array.from({ length: 10 }, () => [200, 'cancelled']),
    );
    await eventually(async () => {
      expect((await api.get(sold.id)).body.payment!.status).toBe('refunded');
    });
    expect(await refundsOf(system.db, sold.payment!.reference)).toHaveLength(1);
    expect(
      (await api.history(sold.id)).filter(({ type }) => type === 'refund.succeeded').length,
    ).toBe(1);
  });

  it('of an expired one is refused', async () => {
    const held = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    await past(held.expiresAt);
    expect(refusal(await api.cancel(held.id))).toEqual([409, 'reservation_expired']);
    expect((await api.get(held.id)).body.status).toBe('expired');
  });

  it('and confirm at once: one comes first, and money and seats agree with it', async () => {
    for (let round = 0; round < 5; round++) {
      const event = await api.event();
      const held = await api.held(event, ['A-1']);
      const reference = `pay-${held.id}`;
      await Promise.all([api.confirm(held, reference), api.cancel(held.id)]);
      const { status, payment } = await eventually(async () => {
        const { body } = await api.get(held.id);
        expect(body.status).not.toBe('held');
        expect(body.payment?.status).not.toBe('refunding');
        return body;
      });
      // A cancel that comes after the confirmation undoes it; one that comes before it refuses the payment.
      expect(status).toBe('cancelled');
      expect([undefined, 'refunded']).toContain(payment?.status);
      expect(await refundsOf(system.db, reference)).toHaveLength(payment ? 1 : 0);
      expect(await api.seatStatus(event, 'A-1')).toBe('available');
    }
  });
});
