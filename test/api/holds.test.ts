import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Answer, type Reservation } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
const best = (event: string, quantity: number, category = 'stalls') =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: { event, bestAvailable: { quantity, category }, buyer },
    headers: { 'idempotency-key': randomUUID() },
  });
const labelsOf = ({ body }: Answer<Reservation>) => body.seats.map(({ label }) => label);
const missing = ({ body }: Answer<unknown>) => (body as { seats: string[] }).seats;

describe('A hold', () => {
  it('says all about itself', async () => {
    const event = await api.event({ holdTtlSeconds: 60 });
    const id = randomUUID();
    const { status, body, headers } = await api.hold(event, ['A-1', 'A-2'], {
      id,
      email: 'ada@example.org',
    });
    expect([status, headers.get('location')]).toEqual([201, `/v1/reservations/${id}`]);
    const eur = (amount: number) => ({ amount, currency: 'EUR' });
    const seat = (label: string) => ({
      event,
      label,
      category: 'stalls',
      priceType: 'standard',
      listPrice: eur(4500),
      discount: eur(0),
      price: eur(4500),
    });
    expect(body).toEqual({
      id,
      status: 'held',
      event,
      seats: [seat('A-1'), seat('A-2')],
      fees: [],
      taxes: [],
      total: eur(9000),
      amounts: {
        tickets: eur(9000),
        discount: eur(0),
        fees: eur(0),
        tax: eur(0),
        taxIncluded: true,
        total: eur(9000),
        paid: eur(0),
        refunded: eur(0),
        retained: eur(0),
      },
      code: null,
      buyer: { name: 'Ada Lovelace', email: 'ada@example.org' },
      reference: null,
      metadata: {},
      revision: 1,
      updatedAt: body.createdAt,
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) as string,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) as string,
      payment: null,
      payments: [],
      refunds: [],
      cancelRequestedAt: null,
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(60_000);
    expect(Math.abs(Date.parse(body.createdAt) - Date.now())).toBeLessThan(30_000);
  });

  it('names the event by its slug, also when it was asked for by id', async () => {
    const event = await api.event();
    const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`);
    expect((await api.held(body.id, ['A-1'])).event).toBe(event);
  });

  it('adds up seats of several categories', async () => {
    const event = await api.event();
    const place = (await api.seats(event)).find((seat) => seat.category === 'floor')!.label;
    expect((await api.held(event, ['A-1', place])).total).toEqual({
      amount: 6500,
      currency: 'EUR',
    });
  });

  it('of seats that cost nothing is one too', async () => {
    const event = await api.event({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 0 },
        { code: 'floor', name: 'Floor', price: 0 },
      ],
    });
    const held = await api.held(event, ['A-1']);
    expect(held.total.amount).toBe(0);
    expect((await api.confirm(held)).body.status).toBe('confirmed');
  });

  it('takes all of its seats or none', async () => {
    const event = await api.event();
    await api.held(event, ['A-2']);
    await api.sold(event, ['A-4']);
    const answer = await api.hold(event, ['A-1', 'A-2', 'A-3', 'A-4']);
    expect(refusal(answer)).toEqual([409, 'seats_unavailable']);
    expect(missing(answer).sort()).toEqual(['A-2', 'A-4']);
    for (const label of ['A-1', 'A-3'])
      expect(await api.seatStatus(event, label)).toBe('available');
  });

  it('of one seat by ten at once has one winner', async () => {
    for (let round = 0; round < 5; round++) {
      const event = await api.event();
      const answers = await Promise.all(Array.from({ length: 10 }, () => api.hold(event, ['A-1'])));
      expect(answers.filter(({ status }) => status === 201).length).toBe(1);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expect([...refusal(answer), missing(answer)]).toEqual([409, 'seats_unavailable', ['A-1']]);
      }
    }
  });

  it('of crossing sets of seats, in any order, never shares a seat and never hangs', async () => {
    const event = await api.event();
    const sets = Array.from({ length: 40 }, (_, index) => {
      const seats = [index % 10, (index + 1) % 10, (index + 3) % 10].map(
        (number) => `A-${number + 1}`,
      );
      return index % 2 === 0 ? seats : seats.reverse();
    });
    const answers = await Promise.all(sets.map((seats) => api.hold(event, seats)));
    const won = answers.filter(({ status }) => status === 201).flatMap(labelsOf);
    expect(won.length).toBeGreaterThan(0);
    expect(new Set(won).size).toBe(won.length);
    expect(
      answers.filter(({ status }) => status !== 201).every(({ status }) => status === 409),
    ).toBe(true);
  });

  it.each([
    ['no seats', { seats: [] }, 'seats'],
    ['a seat twice', { seats: ['A-1', 'A-1'] }, 'seats'],
    ['neither seats nor a wish', {}, 'seats'],
    [
      'both seats and a wish',
      { seats: ['A-1'], bestAvailable: { quantity: 1, category: 'stalls' } },
      'seats',
    ],
    ['a seat that is none', { seats: ['A-1', 'Z-99'] }, 'seats.1'],
    [
      'a category that is none',
      { bestAvailable: { quantity: 1, category: 'balcony' } },
      'bestAvailable.category',
    ],
    [
      'no quantity',
      { bestAvailable: { quantity: 0, category: 'stalls' } },
      'bestAvailable.quantity',
    ],
    ['a field that is none', { seats: ['A-1'], price: 1 }, 'price'],
  ])('with %s is refused with 422', async (_what, wish, path) => {
    const event = await api.event();
    const answer = await api.call('POST', '/v1/reservations', {
      body: { event, buyer, ...wish },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toContain(path);
    expect((await api.seats(event)).every((seat) => seat.status === 'available')).toBe(true);
  });

  it('for an event that is none is refused with 404', async () => {
    expect(refusal(await api.hold('there-is-none', ['A-1']))).toEqual([404, 'not_found']);
    expect(refusal(await best(randomUUID(), 1))).toEqual([404, 'not_found']);
  });

  it('needs no buyer yet', async () => {
    const event = await api.event();
    const answer = await api.call('POST', '/v1/reservations', {
      body: { event, seats: ['A-1'] },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect([answer.status, answer.body.buyer]).toEqual([201, null]);
  });
});

describe('The sale', () => {
  const at = (secondsFromNow: number) => new Date(Date.now() + secondsFromNow * 1000).toISOString();

  it.each([
    ['has not begun', () => ({ salesOpenAt: at(3600) })],
    ['is over', () => ({ salesCloseAt: at(-3600) })],
    ['is over, having begun', () => ({ salesOpenAt: at(-7200), salesCloseAt: at(-3600) })],
    ['is over with the start of its event', () => ({ startsAt: '2020-01-01T20:00:00Z' })],
    ['should outlast the start', () => ({ startsAt: at(-60), salesCloseAt: at(3600) })],
  ])('that %s gives nobody a seat', async (_what, window) => {
    const event = await api.event(window());
    expect(refusal(await api.hold(event, ['A-1']))).toEqual([403, 'sale_not_open']);
    expect(refusal(await best(event, 1))).toEqual([403, 'sale_not_open']);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('that is on gives seats', async () => {
    const event = await api.event({ salesOpenAt: at(-3600), salesCloseAt: at(3600) });
    expect((await api.hold(event, ['A-1'])).status).toBe(201);
  });

  it('ends with the start of its event: no hold lasts longer, nor is it extended beyond', async () => {
    const startsAt = at(60);
    const event = await api.event({ startsAt, holdTtlSeconds: 600, holdCapSeconds: 1800 });
    const held = await api.held(event, ['A-1']);
    expect(held.expiresAt).toBe(startsAt);
    const extended = await api.call('POST', `/v1/reservations/${held.id}/extend`);
    expect(refusal(extended)).toEqual([409, 'extension_limit']);
    expect((await api.get(held.id)).body.expiresAt).toBe(startsAt);
  });

  it('ends with the start also for a hold that was taken when the start was later', async () => {
    const event = await api.event({ holdTtlSeconds: 2, holdCapSeconds: 1800 });
    const setStart = sql('test_set_start', 'update events set starts_at = $2 where slug = $1');
    await setHoldTtl(system.db, event, 600);
    const held = await api.held(event, ['A-1']);
    const startsAt = new Date(Date.parse(held.expiresAt) + 20_000).toISOString();
    await system.db.run(setStart, [event, startsAt]);
    await setHoldTtl(system.db, event, 900);
    const extended = await api.call<Reservation>('POST', `/v1/reservations/${held.id}/extend`);
    expect([extended.status, extended.body.expiresAt]).toEqual([200, startsAt]);
    const again = await api.call('POST', `/v1/reservations/${held.id}/extend`);
    expect(refusal(again)).toEqual([409, 'extension_limit']);
  });

  it('gives a hold no more time once its cancel is accepted', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const accept = sql(
      'test_accept_cancel',
      'update reservations set cancel_requested_at = now() where id = $1',
    );
    await system.db.run(accept, [held.id]);
    const extended = await api.call('POST', `/v1/reservations/${held.id}/extend`);
    expect(refusal(extended)).toEqual([409, 'reservation_cancelled']);
  });

  it('opens by itself at its time', async () => {
    const event = await api.event({ salesOpenAt: at(5) });
    expect(refusal(await api.hold(event, ['A-1']))).toEqual([403, 'sale_not_open']);
    await eventually(async () => {
      expect((await api.hold(event, ['A-1'])).status).toBe(201);
    });
  });
});

describe('The limit of an event', () => {
  it('holds for seats that are named and for the best available', async () => {
    const event = await api.event({ maxSeatsPerReservation: 2 });
    expect(refusal(await api.hold(event, ['A-1', 'A-2', 'A-3']))).toEqual([403, 'limit_exceeded']);
    expect(refusal(await best(event, 3))).toEqual([403, 'limit_exceeded']);
    expect((await api.hold(event, ['A-1', 'A-2'])).status).toBe(201);
    expect((await best(event, 2)).status).toBe(201);
  });

  it('is ten seats unless told otherwise', async () => {
    const event = await api.event();
    expect((await best(event, 10)).status).toBe(201);
    expect(refusal(await best(event, 11))).toEqual([403, 'limit_exceeded']);
  });
});

describe('A hold past its end', () => {
  it('reads as expired, and its seat is free for the next, from that moment on', async () => {
    const event = await api.event({ holdTtlSeconds: 5 });
    const held = await api.held(event, ['A-1']);
    expect(refusal(await api.hold(event, ['A-1']))).toEqual([409, 'seats_unavailable']);
    await setHoldTtl(system.db, event, 600);
    const next = await eventually(async () => {
      const answer = await api.hold(event, ['A-1']);
      expect(answer.status).toBe(201);
      return answer.body;
    });
    expect(Date.parse(next.createdAt)).toBeGreaterThanOrEqual(Date.parse(held.expiresAt));
    expect((await api.get(held.id)).body.status).toBe('expired');
    await eventually(async () => {
      expect((await api.history(held.id)).map(({ type }) => type)).toEqual([
        'reservation.held',
        'reservation.expired',
      ]);
    });
    expect(await api.seatStatus(event, 'A-1')).toBe('held');
  });

  it('gives its seat to one of ten who come for it at once', async () => {
    const event = await api.event({ holdTtlSeconds: 1, holdCapSeconds: 1 });
    const held = await api.held(event, ['A-1', 'A-2']);
    await api.until(held.id, 'expired');
    await setHoldTtl(system.db, event, 600);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.hold(event, ['A-2', 'A-1'])),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBe(1);
  });
});

describe('The best available seats', () => {
  it('are adjacent where that is possible, the best first', async () => {
    const event = await api.event();
    await api.held(event, ['A-3']);
    const answer = await best(event, 4);
    expect([answer.status, answer.body.total.amount]).toEqual([201, 18_000]);
    const numbers = labelsOf(answer).map((label) => label.split('-'));
    expect(new Set(numbers.map(([row]) => row))).toEqual(new Set(['A']));
    const sorted = numbers.map(([, number]) => Number(number)).sort((a, b) => a - b);
    expect(sorted.map((number) => number - sorted[0]!)).toEqual([0, 1, 2, 3]);
  });

  it('are single ones where no row has enough side by side', async () => {
    const event = await api.event();
    const even = [2, 4, 6, 8, 10];
    await api.held(
      event,
      even.map((number) => `A-${number}`),
    );
    await api.held(
      event,
      even.map((number) => `B-${number}`),
    );
    const answer = await best(event, 2);
    expect([answer.status, labelsOf(answer).length]).toEqual([201, 2]);
  });

  it('are general admission places like any others', async () => {
    const event = await api.event();
    const answer = await best(event, 5, 'floor');
    expect([answer.status, answer.body.total.amount, new Set(labelsOf(answer)).size]).toEqual([
      201, 10_000, 5,
    ]);
  });

  it('are none when too few are free: all or nothing, and no seats are named', async () => {
    const event = await api.event({
      sections: [{ name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 3 }] }],
    });
    await api.held(event, ['A-1']);
    const answer = await best(event, 3);
    expect([...refusal(answer), missing(answer)]).toEqual([409, 'seats_unavailable', []]);
    expect((await api.seats(event)).filter((seat) => seat.status === 'available').length).toBe(2);
    expect((await best(event, 2)).status).toBe(201);
    expect(missing(await best(event, 1))).toEqual([]);
  });

  it('go to a crowd without a seat sold twice or left over', async () => {
    const event = await api.event();
    const answers = await Promise.all(Array.from({ length: 60 }, () => best(event, 1, 'floor')));
    const won = answers.filter(({ status }) => status === 201).flatMap(labelsOf);
    expect(new Set(won).size).toBe(won.length);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const answer of refused) expect(refusal(answer)).toEqual([409, 'seats_unavailable']);
    // Whoever was refused in the crush can still have what is left.
    for (let left = 50 - won.length; left > 0; left--)
      expect((await best(event, 1, 'floor')).status).toBe(201);
    expect(refusal(await best(event, 1, 'floor'))).toEqual([409, 'seats_unavailable']);
  });

  it('include those of a hold that has ended', async () => {
    const event = await api.event({
      holdTtlSeconds: 1,
      sections: [{ name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 2 }] }],
    });
    const held = await api.held(event, ['A-1', 'A-2']);
    await api.until(held.id, 'expired');
    expect(labelsOf(await best(event, 2)).sort()).toEqual(['A-1', 'A-2']);
  });
});
