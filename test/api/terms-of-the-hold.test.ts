import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, type Reservation } from '../support/api';
import { newCode as makeCode } from '../support/codes';
import { changeCalls, type Change } from '../support/changes';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Fee {
  code: string;
  name: string;
  per: string;
  amount: number;
  refundable: boolean;
}

const operator = () => system.info.keys.operator;
const newCode = (rules: object) => makeCode(api, rules);
const edited = async (path: string, body: object) => {
  const etag = (await api.call('GET', path, { key: operator() })).headers.get('etag')!;
  const answer = await api.call('PATCH', path, {
    key: operator(),
    body,
    headers: { 'if-match': etag },
  });
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
};
const editCode = (code: string, body: object) => edited(`/v1/codes/${code}`, body);
const editEvent = (slug: string, body: object) => edited(`/v1/events/${slug}`, body);
const { made: changed } = changeCalls(() => api);
const take = (event: string, ...seats: unknown[]) => ({ take: [{ event, seats }] });
const amounts = ({ after, due, refund }: Change) => ({
  tickets: after.tickets!.amount,
  discount: after.discount!.amount,
  fees: after.fees!.amount,
  tax: after.tax!.amount,
  total: after.total!.amount,
  due: due?.amount ?? 0,
  refund: refund?.amount ?? 0,
});
const discounts = async (id: string) => {
  const { body } = await api.get(id);
  return body.seats.map(({ label, discount }) => [label, discount!.amount]);
};

const fee = (amount: number): Fee[] => [
  { code: 'booking', name: 'Booking', per: 'ticket', amount, refundable: true },
];

describe.each(['held', 'sold'] as const)('What changes of an order that is %s', (state) => {
  const isSale = state === 'sold';
  const ordered = async (event: string, seats: string[], code?: string): Promise<Reservation> => {
    const email = `ada-${randomUUID()}@example.org`;
    const body = { event, seats, buyer: { name: 'Ada', email }, ...(code && { code }) };
    const held = await api.held(event, seats, { body });
    if (!isSale) return held;
    const answer = await api.confirm(held);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  /** What is due or goes back: of a hold nothing. */
  const money = (due: number, refund = 0) => (isSale ? { due, refund } : { due: 0, refund: 0 });
  /** Once it is made, or applied. */
  const applied = async (id: string, change: Change) => {
    if (!isSale) return;
    const path = `/v1/reservations/${id}/changes/${change.id}/confirm`;
    const payment = change.due && { reference: `pay-${randomUUID()}`, ...change.due };
    const answer = await api.ask(path, { body: payment ? { payment } : {} });
    expect([answer.status, answer.body]).toEqual([
      200,
      expect.objectContaining({ status: 'applied' }),
    ]);
  };

  it('has the amount of its code as it was, at the next change too', async () => {
    const event = await api.event();
    const code = await newCode({ amount: 1000, currency: 'EUR' });
    const { id, total } = await ordered(event, ['A-1', 'A-2'], code);
    expect(total.amount).toBe(8000);
    await editCode(code, { amount: 8000 });
    const swap = await changed(id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(swap)).toMatchObject({ total: 8000, discount: 1000, ...money(0) });
    await applied(id, swap);
    await editCode(code, { amount: 500 });
    const more = await changed(id, take(event, 'A-4'));
    expect(amounts(more)).toMatchObject({ total: 12500, discount: 1000, ...money(4500) });
  });

  it('has the percentage of its code as it was, also for what is taken or retyped', async () => {
    const event = await api.event({
      priceTypes: [
        { code: 'adult', name: 'Adult' },
        { code: 'child', name: 'Child' },
      ],
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 2500 } },
        { code: 'floor', name: 'Floor', price: 2000 },
      ],
    });
    const code = await newCode({ percent: '50' });
    const { id } = await ordered(event, ['A-1', 'A-2', 'A-3'], code);
    await editCode(code, { percent: '90' });
    const change = await changed(id, {
      release: ['A-2'],
      ...take(event, 'A-4'),
      priceTypes: [{ seat: 'A-3', priceType: 'child' }],
    });
    expect(amounts(change)).toMatchObject({
      total: 2250 + 1250 + 2250,
      discount: 2250 + 1250 + 2250,
      ...money(0, 1000),
    });
  });

  it('has its percentage where the code takes an amount off by now', async () => {
    const event = await api.event();
    const code = await newCode({ percent: '50' });
    const { id } = await ordered(event, ['A-1', 'A-2'], code);
    await editCode(code, { percent: null, amount: 100, currency: 'EUR' });
    const change = await changed(id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(change)).toMatchObject({ total: 4500, discount: 4500, ...money(0) });
    await applied(id, change);
    expect(await discounts(id)).toEqual([
      ['A-1', 2250],
      ['A-3', 2250],
    ]);
  });

  it('is discounted in the categories and the event that the code had', async () => {
    const event = await api.event();
    const code = await newCode({ percent: '50', categories: ['stalls'], event });
    const { id } = await ordered(event, ['A-1', 'A-2'], code);
    await editCode(code, { categories: ['stalls', 'floor'] });
    const wider = await changed(id, take(event, 'Floor-1'));
    expect(amounts(wider)).toMatchObject({ total: 6500, discount: 4500, ...money(2000) });
    await applied(id, wider);
    await editCode(code, { categories: ['floor'] });
    const narrower = await changed(id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(narrower)).toMatchObject({ total: 6500, discount: 4500, ...money(0) });
  });

  it('is charged the fees of its hold, for what stays and for what is taken', async () => {
    const event = await api.event({ fees: fee(100) });
    const { id } = await ordered(event, ['A-1', 'A-2', 'A-3', 'A-4']);
    await editEvent(event, { fees: fee(5000) });
    const less = await changed(id, { release: ['A-4'] });
    expect(amounts(less)).toMatchObject({ fees: 300, total: 13800, ...money(0, 4600) });
    await applied(id, less);
    await editEvent(event, { fees: fee(7000) });
    const more = await changed(id, take(event, 'A-5'));
    expect(amounts(more)).toMatchObject({ fees: 400, total: 18400, ...money(4600) });
  });

  it('is charged no fee or tax where the event had none', async () => {
    const event = await api.event();
    const { id } = await ordered(event, ['A-1', 'A-2']);
    await editEvent(event, { fees: fee(100), tax: { percent: '10', included: false } });
    const change = await changed(id, { release: ['A-1'], ...take(event, 'A-3') });
    expect(amounts(change)).toMatchObject({ fees: 0, tax: 0, total: 9000, ...money(0) });
  });

  it('is taxed as at its hold, and costs what its seats cost today', async () => {
    const event = await api.event({ tax: { percent: '10', included: false } });
    const { id, total } = await ordered(event, ['A-1', 'A-2']);
    expect(total.amount).toBe(9900);
    await editEvent(event, { tax: { percent: '50', included: false } });
    // One edit that leaves fees and tax alone, with another price.
    await editEvent(event, {
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500 },
        { code: 'floor', name: 'Floor', price: 3000 },
      ],
    });
    const change = await changed(id, { release: ['A-2'], ...take(event, 'Floor-1') });
    expect(amounts(change)).toMatchObject({
      tickets: 7500,
      tax: 750,
      total: 8250,
      ...money(0, 1650),
    });
  });

  it('follows the rules of an edit that came before its hold', async () => {
    const event = await api.event({ fees: fee(100) });
    const code = await newCode({ percent: '50' });
    await editEvent(event, { fees: fee(200) });
    await editCode(code, { percent: '10' });
    const { id } = await ordered(event, ['A-1', 'A-2'], code);
    await editEvent(event, { fees: fee(300) });
    const change = await changed(id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(change)).toMatchObject({ fees: 400, discount: 900, total: 8500, ...money(0) });
  });

  it('is priced by its code as it is now, where a release before this one held it', async () => {
    const event = await api.event();
    const code = await newCode({ amount: 1000, currency: 'EUR' });
    const { id } = await ordered(event, ['A-1', 'A-2'], code);
    await system.db.run(
      sql('forget_terms', 'update reservations set code_terms = null where id = $1'),
      [id],
    );
    await editCode(code, { amount: 2000 });
    const change = await changed(id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(change)).toMatchObject({ discount: 2000, total: 7000, ...money(0, 1000) });
  });
});

describe('A code that a held reservation takes by a change', () => {
  it('has the terms that it had then', async () => {
    const event = await api.event();
    const first = await newCode({ percent: '10' });
    const second = await newCode({ amount: 1000, currency: 'EUR' });
    const held = await api.held(event, ['A-1', 'A-2'], {
      body: {
        event,
        seats: ['A-1', 'A-2'],
        code: first,
        buyer: { name: 'Ada', email: `ada-${randomUUID()}@example.org` },
      },
    });
    await editCode(second, { amount: 2000 });
    expect(amounts(await changed(held.id, { code: second }))).toMatchObject({ total: 7000 });
    await editCode(second, { amount: 3000 });
    const swap = await changed(held.id, { release: ['A-2'], ...take(event, 'A-3') });
    expect(amounts(swap)).toMatchObject({ discount: 2000, total: 7000 });
    // Named once more it is the code that the order has already.
    const again = await changed(held.id, { code: second });
    expect(amounts(again)).toMatchObject({ discount: 2000, total: 7000 });
  });

  it('is judged by its own terms where the order had none', async () => {
    const event = await api.event();
    const code = await newCode({ percent: '50', categories: ['stalls'] });
    const held = await api.held(event, ['A-1']);
    await changed(held.id, { code });
    await editCode(code, { percent: '90', categories: null });
    const change = await changed(held.id, take(event, 'A-2', 'Floor-1'));
    expect(amounts(change)).toMatchObject({ discount: 4500, total: 6500 });
  });
});
