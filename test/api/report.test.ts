import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { changeCalls } from '../support/changes';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Money {
  amount: number;
  currency: string;
}
interface Report {
  asOf: string;
  lines: {
    state: string;
    category: string;
    priceType: string;
    seats: number;
    list: Money;
    discounts: Money;
    tickets: Money;
  }[];
  fees: { code: string; amount: Money }[];
  totals: Record<string, Money>;
  otherCurrencies: unknown[];
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const operator = (method: string, path: string, body?: object) =>
  api.call(method, path, {
    key: system.info.keys.operator,
    ...(body && { body, headers: { 'idempotency-key': randomUUID() } }),
  });
const report = async (event: string, asOf?: string): Promise<Report> => {
  const query = asOf === undefined ? '' : `?asOf=${encodeURIComponent(asOf)}`;
  const answer = await operator('GET', `/v1/events/${event}/report${query}`);
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return answer.body as unknown as Report;
};
const amounts = ({ totals }: Report) =>
  Object.fromEntries(Object.entries(totals).map(([name, { amount }]) => [name, amount]));

/** Every sum that a report promises. */
function expectToAddUp(one: Report): void {
  const a = amounts(one) as Record<string, number>;
  const sold = one.lines.filter(({ state }) => state === 'sold');
  const sumOf = (list: number[]) => list.reduce((sum, amount) => sum + amount, 0);
  expect(a.list! - a.discounts!).toBe(a.tickets);
  expect(sumOf(sold.map(({ tickets }) => tickets.amount))).toBe(a.tickets);
  expect(sumOf(one.fees.map(({ amount }) => amount.amount))).toBe(a.fees);
  expect(a.tickets! + a.fees! + a.tax! - a.taxIncluded!).toBe(a.sold);
  expect(a.payments! - a.refunds! - a.lost! - a.sold!).toBe(a.retained! + a.owed!);
}

const hold = async (body: object): Promise<Reservation> => {
  const answer = await api.call<Reservation>('POST', '/v1/reservations', {
    body: { buyer: { name: 'Ada Lovelace', email: `${randomUUID()}@example.org` }, ...body },
    headers: { 'idempotency-key': randomUUID() },
  });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
};
const sell = async (body: object): Promise<Reservation> => {
  const held = await hold(body);
  await api.pay(held);
  return api.until(held.id, 'confirmed');
};
const priced = (overrides: object = {}) =>
  api.event({
    priceTypes: [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ],
    categories: [
      { code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 2500 } },
      { code: 'floor', name: 'Floor', price: 2000 },
    ],
    fees: [
      { code: 'booking', name: 'Booking fee', per: 'ticket', amount: 150 },
      { code: 'service', name: 'Service', per: 'reservation', percent: '2.5' },
    ],
    tax: { percent: '21', included: true },
    ...overrides,
  });

it('An event of which nothing was sold has a report of nothing', async () => {
  const one = await report(await api.event());
  expect(one.lines).toEqual([]);
  expect(one.fees).toEqual([]);
  expect(Object.values(one.totals).every(({ amount }) => amount === 0)).toBe(true);
  expect(one.otherCurrencies).toEqual([]);
});

it('A sale is reported by category and price type, with its code, fees and tax; each moment as it was', async () => {
  const event = await priced();
  const code = `CODE-${randomUUID().slice(0, 8)}`.toUpperCase();
  expect((await operator('POST', '/v1/codes', { code, percent: '10' })).status).toBe(201);
  const empty = await report(event);

  const held = await hold({
    event,
    code,
    seats: ['A-1', { label: 'A-2', priceType: 'child' }, 'Floor-1'],
  });
  const before = await report(event);
  expect(before.lines).toEqual([
    ...[
      { category: 'floor', priceType: 'adult', list: 2000, discounts: 200, tickets: 1800 },
      { category: 'stalls', priceType: 'adult', list: 4500, discounts: 450, tickets: 4050 },
      { category: 'stalls', priceType: 'child', list: 2500, discounts: 250, tickets: 2250 },
    ].map(({ list, discounts, tickets, ...line }) => ({
      state: 'held',
      ...line,
      seats: 1,
      list: eur(list),
      discounts: eur(discounts),
      tickets: eur(tickets),
    })),
  ]);
  expect(before.totals.sold).toEqual(eur(0));

  await api.pay(held);
  await api.until(held.id, 'confirmed');
  const sold = await report(event);
  expectToAddUp(sold);
  expect(sold.lines).toEqual(before.lines.map((line) => ({ ...line, state: 'sold' })));
  expect(sold.fees).toEqual([
    { code: 'booking', amount: eur(450) },
    { code: 'service', amount: eur(203) },
  ]);
  // 8753 with 21 % in it.
  expect(amounts(sold)).toEqual({
    list: 9000,
    discounts: 900,
    tickets: 8100,
    fees: 653,
    tax: 1519,
    taxIncluded: 1519,
    sold: 8753,
    payments: 8753,
    refunds: 0,
    disputed: 0,
    lost: 0,
    owed: 0,
    retained: 0,
  });
  expect(held.total).toEqual(eur(8753));

  // A refund of a sale that stands leaves the sale and takes from what is retained.
  const ordered = await operator('POST', `/v1/reservations/${held.id}/refunds`, {
    amount: 1000,
    reason: 'a pillar',
  });
  expect(ordered.status).toBe(201);
  await eventually(async () => expect((await report(event)).totals.refunds).toEqual(eur(1000)));
  const refunded = await report(event);
  expectToAddUp(refunded);
  expect(amounts(refunded)).toMatchObject({ sold: 8753, payments: 8753, retained: -1000, owed: 0 });

  await api.cancel(held.id);
  await api.until(held.id, 'cancelled');
  await eventually(async () => expect((await report(event)).totals.refunds).toEqual(eur(8753)));
  const cancelled = await report(event);
  expectToAddUp(cancelled);
  expect(cancelled.lines).toEqual([]);
  expect(cancelled.fees).toEqual([]);
  expect(amounts(cancelled)).toMatchObject({ list: 0, tax: 0, sold: 0, payments: 8753, owed: 0 });
  expect(cancelled.totals.retained).toEqual(eur(0));

  // Every moment is as it was told then.
  for (const one of [empty, before, sold, refunded, cancelled]) {
    expect(await report(event, one.asOf)).toEqual(one);
  }
});

it('Tax on top is sold beside tickets and fees', async () => {
  const event = await priced({ tax: { percent: '10', included: false }, fees: [] });
  const { total } = await sell({ event, seats: ['A-1'] });
  expect(total).toEqual(eur(4950));
  const one = await report(event);
  expectToAddUp(one);
  expect(amounts(one)).toMatchObject({ tickets: 4500, tax: 450, taxIncluded: 0, sold: 4950 });
});

it('An order of several events gives each its part, and so do its refunds', async () => {
  const [cheap, dear] = [
    await api.event({
      categories: [
        { code: 'stalls', name: 'S', price: 1 },
        { code: 'floor', name: 'F', price: 1 },
      ],
    }),
    await api.event(),
  ];
  const order = await sell({
    lines: [
      { event: cheap, seats: ['A-1', 'A-2'] },
      { event: dear, seats: ['A-1'] },
    ],
  });
  const reports = async () => [await report(cheap), await report(dear)] as const;
  for (const one of await reports()) expectToAddUp(one);
  expect(
    (await reports()).map(({ totals }) => [totals.sold!.amount, totals.payments!.amount]),
  ).toEqual([
    [2, 2],
    [4500, 4500],
  ]);
  await operator('POST', `/v1/reservations/${order.id}/refunds`, { amount: 1000, reason: 'half' });
  await eventually(async () => {
    const [one, other] = await reports();
    expect(one.totals.refunds!.amount + other.totals.refunds!.amount).toBe(1000);
  });
  for (const one of await reports()) expectToAddUp(one);
});

it('Money that is not for the sale is owed, and goes back', async () => {
  const event = await api.event();
  const held = await api.held(event, ['A-1']);
  await api.standard({
    reservation: held.id,
    reference: `pay-${randomUUID()}`,
    amount: 1,
    currency: 'EUR',
  });
  await api.standard({
    reservation: held.id,
    reference: `pay-${randomUUID()}`,
    amount: 700,
    currency: 'GBP',
  });
  await eventually(async () => expect((await report(event)).totals.refunds).toEqual(eur(1)));
  await eventually(async () =>
    expect((await report(event)).otherCurrencies).toMatchObject([
      { currency: 'GBP', payments: { amount: 700 }, refunds: { amount: 700 }, owed: { amount: 0 } },
    ]),
  );
  const one = await report(event);
  expectToAddUp(one);
  expect(amounts(one)).toMatchObject({ payments: 1, refunds: 1, owed: 0, retained: 0 });
  expect(one.lines).toMatchObject([{ state: 'held', seats: 1 }]);
});

it("A payment that came before its reservation is the event's once it confirms", async () => {
  const event = await api.event();
  const id = randomUUID();
  await api.standard({ reservation: id, reference: `pay-${id}`, amount: 4500, currency: 'EUR' });
  expect((await report(event)).totals.payments).toEqual(eur(0));
  await api.held(event, ['A-1'], { id });
  await api.until(id, 'confirmed');
  const one = await report(event);
  expectToAddUp(one);
  expect(amounts(one)).toMatchObject({ payments: 4500, sold: 4500, owed: 0 });
});

it('A refund that fails after it succeeded is money that we have again', async () => {
  const event = await api.event();
  const { id } = await sell({ event, seats: ['A-1'] });
  const refund = await operator('POST', `/v1/reservations/${id}/refunds`, {
    amount: 1000,
    reason: 'a pillar',
  });
  await eventually(async () => expect((await report(event)).totals.refunds).toEqual(eur(1000)));
  await system.db.rows(
    sql('move', `select move_refund($1, 'failed', null, 'closed card', null, 'test', false)`),
    [refund.body.id],
  );
  const one = await report(event);
  expectToAddUp(one);
  expect(amounts(one)).toMatchObject({
    payments: 4500,
    refunds: 0,
    sold: 4500,
    retained: 0,
    owed: 0,
  });
});

it('A dispute takes money aside; a lost one is a loss, a won one comes back', async () => {
  const event = await api.event();
  const dispute = (intent: string, id: string, status: string) =>
    api.stripe(`charge.dispute.${status === 'needs_response' ? 'created' : 'closed'}`, {
      id,
      object: 'dispute',
      payment_intent: intent,
      amount: 4500,
      currency: 'eur',
      status,
    });
  const paid = async (seat: string) => {
    const held = await api.held(event, [seat]);
    const intent = `pi_${randomUUID()}`;
    const answer = await api.stripe('payment_intent.succeeded', {
      id: intent,
      object: 'payment_intent',
      amount: 4500,
      amount_received: 4500,
      currency: 'eur',
      status: 'succeeded',
      metadata: { reservation_id: held.id },
    });
    expect(answer.status).toBe(200);
    await api.until(held.id, 'confirmed');
    return intent;
  };
  const [one, two] = [await paid('A-1'), await paid('A-2')];
  await dispute(one, 'dp_one', 'needs_response');
  await dispute(two, 'dp_two', 'needs_response');
  expect(amounts(await report(event))).toMatchObject({
    payments: 9000,
    disputed: 9000,
    lost: 0,
    retained: 0,
  });
  await dispute(one, 'dp_one', 'won');
  await dispute(two, 'dp_two', 'lost');
  const after = await report(event);
  expectToAddUp(after);
  expect(amounts(after)).toMatchObject({
    disputed: 0,
    lost: 4500,
    sold: 9000,
    retained: -4500,
    owed: 0,
  });
});

it('As CSV it has a row for each line, fee and total', async () => {
  const event = await priced();
  await sell({ event, seats: ['A-1'] });
  await hold({ event, seats: [{ label: 'A-2', priceType: 'child' }] });
  const csv = await api.call<string>('GET', `/v1/events/${event}/report`, {
    key: system.info.keys.operator,
    headers: { accept: 'text/csv' },
  });
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.headers.get('vary')).toBe('Accept');
  expect(csv.body.split('\r\n')).toEqual([
    'item,state,category,priceType,code,seats,list,discounts,amount,currency',
    'seats,sold,stalls,adult,,1,4500,0,4500,EUR',
    'seats,held,stalls,child,,1,2500,0,2500,EUR',
    'fee,,,,booking,,,,150,EUR',
    'fee,,,,service,,,,113,EUR',
    'list,,,,,,,,4500,EUR',
    'discounts,,,,,,,,0,EUR',
    'tickets,,,,,,,,4500,EUR',
    'fees,,,,,,,,263,EUR',
    'tax,,,,,,,,827,EUR',
    'taxIncluded,,,,,,,,827,EUR',
    'sold,,,,,,,,4763,EUR',
    'payments,,,,,,,,4763,EUR',
    'refunds,,,,,,,,0,EUR',
    'disputed,,,,,,,,0,EUR',
    'lost,,,,,,,,0,EUR',
    'owed,,,,,,,,0,EUR',
    'retained,,,,,,,,0,EUR',
    '',
  ]);
  const json = await operator('GET', `/v1/events/${event}/report`);
  expect(json.headers.get('vary')).toBe('Accept');
});

it('A report of a moment before a change has the seats of then, of what was held and of what was sold', async () => {
  const event = await api.event();
  const heldSeats = ({ lines }: Report) =>
    lines.filter(({ state }) => state === 'held').reduce((sum, { seats }) => sum + seats, 0);
  const { made } = changeCalls(() => api);
  const take = (...seats: string[]) => ({ take: [{ event, seats }] });
  const held = await api.held(event, ['A-1']);
  const atFirst = await report(event);
  expect(heldSeats(atFirst)).toBe(1);
  await made(held.id, take('A-2', 'A-3'));
  const changed = await report(event);
  expect(heldSeats(changed)).toBe(3);
  await api.pay((await api.get(held.id)).body);
  await api.until(held.id, 'confirmed');
  const quote = await made(held.id, take('B-1'));
  await api.standard({
    reservation: held.id,
    change: quote.id,
    reference: `pay-${randomUUID()}`,
    ...quote.due,
  });
  await eventually(async () => expect((await api.get(held.id)).body.seats).toHaveLength(4));
  expect(await report(event, atFirst.asOf)).toEqual(atFirst);
  expect(await report(event, changed.asOf)).toEqual(changed);
});

it("A moment that is none or has not come, another's key and an unknown event are refused", async () => {
  const event = await api.event();
  const path = `/v1/events/${event}/report`;
  for (const asOf of ['yesterday', '2030-01-01', '2099-01-01T00:00:00Z']) {
    expect(refusal(await operator('GET', `${path}?asOf=${asOf}`))).toEqual([
      422,
      'validation_failed',
    ]);
  }
  expect(refusal(await api.call('GET', path))).toEqual([403, 'forbidden']);
  expect(refusal(await operator('GET', '/v1/events/no-such-event/report'))).toEqual([
    404,
    'not_found',
  ]);
});
