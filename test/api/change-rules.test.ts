import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { newCode as makeCode } from '../support/codes';
import { changeCalls } from '../support/changes';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const operator = () => system.info.keys.operator;
const { change, made, confirm, shown } = changeCalls(() => api);
const sold = async (held: Reservation): Promise<Reservation> => {
  await api.pay(held);
  return api.until(held.id, 'confirmed');
};
const lines = (...orders: [string, string[]][]) =>
  orders.map(([event, seats]) => ({ event, seats }));
const hold = async (...orders: [string, string[]][]): Promise<Reservation> => {
  const answer = await api.call<Reservation>('POST', '/v1/reservations', {
    body: {
      lines: lines(...orders),
      buyer: { name: 'Ada', email: `${randomUUID()}@example.org` },
    },
    headers: { 'idempotency-key': randomUUID() },
  });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
};
const BEGIN = sql(
  'test_begin',
  `update events set starts_at = clock_timestamp(), revision = revision + 1 where slug = $1`,
);
const PIN_QUOTE = sql(
  'test_pin_quote',
  'update changes set paid_in_time_at = clock_timestamp() where id = $1',
);
const END_QUOTE = sql(
  'test_end_quote',
  'update changes set expires_at = clock_timestamp() where id = $1',
);
const newCode = (rules: object) => makeCode(api, rules);
const begin = (event: string) => system.db.run(BEGIN, [event]);

describe('What a buyer may have at most', () => {
  it('counts what open quotes would take', async () => {
    const event = await api.event({ maxSeatsPerBuyer: 4 });
    const email = `${randomUUID()}@example.org`;
    const first = await sold(await api.held(event, ['A-1', 'A-2'], { email }));
    const quote = await made(first.id, { take: lines([event, ['A-3', 'A-4']]) });
    const second = await api.hold(event, ['B-1'], { email });
    expect(refusal(second)).toEqual([403, 'limit_exceeded']);
    await api.call('DELETE', `/v1/reservations/${first.id}/changes/${quote.id}`);
    expect((await api.hold(event, ['B-1', 'B-2'], { email })).status).toBe(201);
  });

  it('counts them when another reservation gets the same buyer', async () => {
    const event = await api.event({ maxSeatsPerBuyer: 3 });
    const email = `${randomUUID()}@example.org`;
    await sold(await api.held(event, ['A-1'], { email }));
    const other = await sold(await api.held(event, ['B-1']));
    await made(other.id, { take: lines([event, ['B-2', 'B-3']]) });
    const patched = await api.call('PATCH', `/v1/reservations/${other.id}`, {
      key: operator(),
      body: { buyer: { email } },
    });
    expect(refusal(patched)).toEqual([403, 'limit_exceeded']);
  });

  it('is no reason to keep a seat that an erased buyer gives back', async () => {
    const event = await api.event({ maxSeatsPerBuyer: 2 });
    const bought = await sold(await api.held(event, ['A-1', 'A-2']));
    await api.call('POST', `/v1/reservations/${bought.id}/erase-buyer`, { key: operator() });
    await made(bought.id, { release: ['A-1'] });
  });

  it('neither is a code of which a buyer has so many uses', async () => {
    const event = await api.event();
    const code = await newCode({ percent: '10', maxUsesPerBuyer: 1 });
    const body = { event, seats: ['A-1', 'A-2'], buyer: { name: 'A', email: 'a@b.example' }, code };
    const bought = await sold(await api.held(event, ['A-1', 'A-2'], { body }));
    await api.call('POST', `/v1/reservations/${bought.id}/erase-buyer`, { key: operator() });
    const given = await made(bought.id, { release: ['A-1'] });
    expect(given.refund).toEqual(eur(4050));
    await api.call('DELETE', `/v1/reservations/${bought.id}/changes/${given.id}`);
    const more = await change(bought.id, { take: lines([event, ['B-1']]) });
    expect(refusal(more)).toEqual([422, 'buyer_required']);
  });
});

describe('A seat of an order with an amount off', () => {
  const bought = async (code: string, ...orders: [string, string[]][]) => {
    const answer = await api.call<Reservation>('POST', '/v1/reservations', {
      body: { lines: lines(...orders), buyer: { name: 'A', email: 'a@b.example' }, code },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
    return sold(answer.body);
  };

  it('is given back at what was paid for it; the other keeps its price', async () => {
    const event = await api.event();
    const code = await newCode({ amount: 1000, currency: 'EUR' });
    const { id } = await bought(code, [event, ['A-1', 'A-2']]);
    const quote = await made(id, { release: ['A-2'] });
    expect([quote.refund, quote.after.total, quote.after.discount]).toEqual([
      eur(4000),
      eur(4000),
      eur(500),
    ]);
    expect((await confirm(id, quote.id, {})).status).toBe(200);
    const more = await made(id, { take: lines([event, ['A-3']]) });
    expect(more.due).toEqual(eur(4000));
  });

  it('goes back by the terms of its own event alone', async () => {
    const never = await api.event({ refundTerms: [{ untilSecondsBeforeStart: 0, percent: '0' }] });
    const other = await api.event();
    const code = await newCode({ amount: 3000, currency: 'EUR' });
    const { id } = await bought(code, [never, ['A-1']], [other, ['A-1']]);
    const quote = await made(id, { release: [{ event: never, label: 'A-1' }] });
    expect([quote.refund, quote.after.total]).toEqual([null, eur(3000)]);
  });
});

describe('A change of a sale', () => {
  it('changes nothing where a seat gets the price type that it has, whatever that costs by now', async () => {
    const event = await api.event();
    const { id, seats } = await sold(await api.held(event, ['A-1']));
    const etag = (await api.call('GET', `/v1/events/${event}`)).headers.get('etag')!;
    const cheaper = await api.call('PATCH', `/v1/events/${event}`, {
      key: operator(),
      body: {
        categories: [
          { code: 'stalls', name: 'Stalls', price: 500 },
          { code: 'floor', name: 'Floor', price: 500 },
        ],
      },
      headers: { 'if-match': etag },
    });
    expect([cheaper.status, cheaper.body]).toEqual([200, expect.anything()]);
    const { priceType } = seats[0] as unknown as { priceType: string };
    const same = await change(id, { priceTypes: [{ seat: 'A-1', priceType }] });
    expect(refusal(same)).toEqual([422, 'validation_failed']);
    const swap = await made(id, {
      priceTypes: [{ seat: 'A-1', priceType }],
      take: lines([event, ['A-2']]),
    });
    expect(swap.after.total).toEqual(eur(5000));
  });

  it('finds its seats by the id of their event too, and is applied by a payment of nothing', async () => {
    const event = await api.event();
    const shownEvent = await api.call<{ id: string }>('GET', `/v1/events/${event}`);
    const named = { event: shownEvent.body.id, label: 'A-1' };
    const { id } = await sold(await api.held(event, ['A-1']));
    const quote = await made(id, { release: [named], take: lines([named.event, ['A-2']]) });
    expect(quote.due).toBeNull();
    const nothing = { reference: `pay-${randomUUID()}`, ...eur(0) };
    const confirmed = await confirm(id, quote.id, { payment: nothing });
    expect([confirmed.status, confirmed.body.status]).toEqual([200, 'applied']);
    expect((await api.get(id)).body.payments).toHaveLength(1);
  });

  it('that is paid late ends a later quote, unless that one was paid for in time', async () => {
    const event = await api.event();
    const { id } = await sold(await api.held(event, ['A-1']));
    const quoted = async (label: string) => {
      const quote = await made(id, { take: lines([event, [label]]) });
      return { quote, payment: { reference: `pay-${randomUUID()}`, ...quote.due! } };
    };
    const expired = async (label: string) => {
      const { quote, payment } = await quoted(label);
      await system.db.run(END_QUOTE, [quote.id]);
      await eventually(async () => expect((await shown(id, quote.id)).status).toBe('expired'));
      return { quote, pay: () => api.standard({ reservation: id, change: quote.id, ...payment }) };
    };
    const isNow = (quote: { id: string }, status: string) =>
      eventually(async () => expect((await shown(id, quote.id)).status).toBe(status));

    const [first, second] = [await expired('A-2'), await expired('A-3')];
    const open = await quoted('A-4');
    await first.pay();
    await isNow(first.quote, 'applied');
    expect((await shown(id, open.quote.id)).status).toBe('expired');
    expect(await api.seatStatus(event, 'A-4')).toBe('available');

    const pinned = await quoted('A-4');
    await system.db.run(PIN_QUOTE, [pinned.quote.id]);
    await second.pay();
    await eventually(async () => {
      const { refunds = [] } = (await api.get(id)).body as { refunds?: { reason: string }[] };
      expect(refunds.map(({ reason }) => reason)).toEqual(['change_ended']);
    });
    expect((await shown(id, pinned.quote.id)).status).toBe('quoted');
  });
});

describe('A free order', () => {
  it('stays confirmed for whoever asks again, whatever it costs since it was changed', async () => {
    const event = await api.event({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500 },
        { code: 'floor', name: 'Floor', price: 0 },
      ],
    });
    const free = await api.held(event, ['Floor-1']);
    const path = `/v1/reservations/${free.id}/confirm`;
    expect((await api.ask(path, { body: {} })).status).toBe(200);
    const quote = await made(free.id, { take: lines([event, ['A-1']]) });
    const payment = { reference: `pay-${randomUUID()}`, ...quote.due! };
    expect((await confirm(free.id, quote.id, { payment })).status).toBe(200);
    expect((await api.ask(path, { body: {} })).status).toBe(200);
  });
});

describe('A change of a sale, with its limits', () => {
  it('that makes a ticket cheaper ends when somebody has come in with it', async () => {
    const event = await api.event({
      priceTypes: [
        { code: 'adult', name: 'Adult' },
        { code: 'child', name: 'Child' },
      ],
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 500 } },
        { code: 'floor', name: 'Floor', price: 2000 },
      ],
    });
    const bought = await sold(await api.held(event, ['A-1', 'A-2']));
    const quote = await made(bought.id, { priceTypes: [{ seat: 'A-1', priceType: 'child' }] });
    expect(quote.refund).toEqual(eur(4000));
    const ticket = (await api.tickets(bought.id)).find(({ seat }) => seat === 'A-1')!;
    const scan = { code: ticket.code, event };
    expect(
      (await api.call('POST', '/v1/check-ins', { key: system.info.keys.scanner, body: scan }))
        .status,
    ).toBe(201);
    expect((await shown(bought.id, quote.id)).status).toBe('expired');
    expect(refusal(await confirm(bought.id, quote.id, {}))).toEqual([409, 'change_ended']);
  });

  it('is not quoted where its event has begun; another event of the order may still be changed', async () => {
    const [past, next] = [await api.event(), await api.event()];
    const bought = await sold(await hold([past, ['A-1', 'A-2']], [next, ['A-1']]));
    await begin(past);
    const given = await change(bought.id, {
      release: [{ event: past, label: 'A-1' }],
      take: lines([next, ['B-1']]),
    });
    expect(refusal(given)).toEqual([403, 'sale_not_open']);
    const quote = await made(bought.id, {
      release: [{ event: next, label: 'A-1' }],
      take: lines([next, ['A-2']]),
    });
    expect((await confirm(bought.id, quote.id, {})).body).toMatchObject({ status: 'applied' });
  });

  it('gives everything back to the unit where no terms say otherwise', async () => {
    const withTax = (price: number, percent: string) =>
      api.event({
        tax: { percent, included: false },
        categories: [
          { code: 'stalls', name: 'Stalls', price },
          { code: 'floor', name: 'Floor', price },
        ],
      });
    const [one, two] = [await withTax(1001, '7'), await withTax(1003, '19')];
    const bought = await sold(await hold([one, ['A-1', 'A-2']], [two, ['A-1', 'A-2']]));
    const quote = await made(bought.id, {
      release: [
        { event: one, label: 'A-1' },
        { event: two, label: 'A-1' },
      ],
    });
    expect((await confirm(bought.id, quote.id, {})).status).toBe(200);
    await eventually(async () => {
      const { amounts } = (await api.get(bought.id)).body;
      expect(amounts).toMatchObject({ retained: eur(0) });
    });
  });

  it('keeps the tax on a fee that is not refundable, as a cancel does', async () => {
    const event = await api.event({
      fees: [{ code: 'booking', name: 'Booking', per: 'ticket', amount: 1000, refundable: false }],
      tax: { percent: '20', included: false },
      refundTerms: [{ untilSecondsBeforeStart: 0, percent: '100' }],
    });
    const bought = await sold(await api.held(event, ['A-1', 'A-2']));
    const preview = await api.call<{ refund: object }>(
      'GET',
      `/v1/reservations/${bought.id}/cancel`,
    );
    expect(preview.body.refund).toEqual(eur(2 * 5400));
    expect(await made(bought.id, { release: ['A-1'] })).toMatchObject({ refund: eur(5400) });
  });

  it('promises no more than is left of what was paid', async () => {
    const event = await api.event();
    const bought = await sold(await api.held(event, ['A-1', 'A-2']));
    const refund = await api.call('POST', `/v1/reservations/${bought.id}/refunds`, {
      key: operator(),
      body: { amount: 7000, reason: 'goodwill' },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(refund.status).toBe(201);
    expect(await made(bought.id, { release: ['A-1'] })).toMatchObject({ refund: eur(2000) });
  });
});

describe('A change of what is held', () => {
  it('leaves no seat alone beside those that it keeps, where orphans are forbidden', async () => {
    const event = await api.event({ orphanRule: 'forbid' });
    const held = await api.held(event, ['A-1', 'A-2', 'A-3']);
    expect(refusal(await change(held.id, { release: ['A-1'] }))).toEqual([409, 'orphan_seat']);
    expect(refusal(await change(held.id, { release: ['A-2'] }))).toEqual([409, 'orphan_seat']);
    await made(held.id, { release: ['A-3'] });
    await made(held.id, { release: ['A-2'] });
  });

  it('may give back all that its code takes something off', async () => {
    const event = await api.event();
    const code = `HALF-${randomUUID().slice(0, 8)}`;
    const codeMade = await api.call('POST', '/v1/codes', {
      key: operator(),
      body: { code, event, categories: ['stalls'], percent: '50' },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(codeMade.status).toBe(201);
    const held = await api.call<Reservation>('POST', '/v1/reservations', {
      body: { event, seats: ['A-1', 'Floor-1'], code, buyer: { name: 'Ada', email: 'a@b.cz' } },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(held.body.total).toEqual(eur(2250 + 2000));
    await made(held.body.id, { release: ['A-1'] });
    expect((await api.get(held.body.id)).body.total).toEqual(eur(2000));
  });

  it('comes to seats of twenty events at most', async () => {
    const events = await Promise.all(Array.from({ length: 21 }, () => api.event()));
    const held = await hold(
      ...events.slice(0, 20).map((one): [string, string[]] => [one, ['A-1']]),
    );
    const more = await change(held.id, { take: lines([events[20]!, ['A-1']]) });
    expect(refusal(more)).toEqual([422, 'validation_failed']);
  });
});

it('A start is not moved before the end of a quote that holds seats', async () => {
  const event = await api.event();
  const bought = await sold(await api.held(event, ['A-1']));
  await made(bought.id, { take: lines([event, ['A-2']]) });
  const { headers } = await api.call('GET', `/v1/events/${event}`);
  const moved = await api.call('PATCH', `/v1/events/${event}`, {
    key: operator(),
    headers: { 'if-match': headers.get('etag')! },
    body: { startsAt: new Date(Date.now() + 20_000).toISOString() },
  });
  expect(refusal(moved)).toEqual([409, 'holds_outlast_start']);
});

it('An order that costs nothing keeps the reference of its payment for itself', async () => {
  const event = await api.event();
  const free = randomUUID();
  const paid = await api.held(event, ['A-1']);
  const payment = { ...paid.total, reference: `free:${free}` };
  expect(
    refusal(await api.ask(`/v1/reservations/${paid.id}/confirm`, { body: { payment } })),
  ).toEqual([422, 'payment_mismatch']);
});
