import { randomUUID } from 'node:crypto';
import { ApiClient, refusal } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ apiEnv: { STRIPE_API_KEY: 'sk_test_holdfast' } });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const definition = (currency: string, prices: number[]) => ({
  slug: `event-${randomUUID().slice(0, 8)}`,
  name: 'Hamlet',
  startsAt: '2030-03-14T19:00:00Z',
  currency,
  categories: prices.map((price, index) => ({
    code: `c${index}`,
    name: `Category ${index}`,
    price,
  })),
  sections: [{ name: 'Floor', category: 'c0', places: 3 }],
});
const make = (currency: string, prices: number[]) =>
  api.call('POST', '/v1/events', {
    key: system.info.keys.operator,
    body: definition(currency, prices),
  });

describe('Where payments come through Stripe', () => {
  it.each([
    ['KWD', [4500, 4505], ['categories.1.price']],
    ['MGA', [4550, 4500, 1], ['categories.0.price', 'categories.2.price']],
    ['EUR', [1_000_000_000_000], ['categories.0.price']],
  ])(
    'an event in %s at %j is refused, by each price that Stripe cannot take',
    async (currency, prices, paths) => {
      const answer = await make(currency, prices);
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect((answer.body.errors as { path: string }[]).map(({ path }) => path)).toEqual(paths);
      for (const path of paths) expect(answer.body.detail).toContain(`c${path.split('.')[1]}`);
    },
  );

  it('an event is refused also for the price of a type and for a fee that Stripe cannot take', async () => {
    const answer = await api.call<{ errors: { path: string }[] }>('POST', '/v1/events', {
      key: system.info.keys.operator,
      body: {
        slug: `stripe-${randomUUID().slice(0, 8)}`,
        name: 'Hamlet',
        startsAt: '2030-03-14T19:00:00Z',
        currency: 'KWD',
        priceTypes: [
          { code: 'adult', name: 'Adult' },
          { code: 'child', name: 'Child' },
        ],
        categories: [{ code: 'c0', name: 'C0', price: 4500, prices: { child: 2501 } }],
        fees: [{ code: 'booking', name: 'Booking fee', per: 'ticket', amount: 151 }],
        sections: [{ name: 'S', category: 'c0', places: 1 }],
      },
    });
    expect(answer.body.errors.map(({ path }) => path)).toEqual([
      'categories.0.prices.child',
      'fees.0.amount',
    ]);
  });

  it.each([
    ['ISK', 4500, 450_000],
    ['UGX', 4500, 450_000],
    ['MGA', 4500, 45],
    ['JPY', 4500, 4500],
    ['HUF', 4550, 4550],
    ['KWD', 4500, 4500],
  ])(
    'a seat at %s %d minor units is paid by %d as Stripe counts',
    async (currency, price, counted) => {
      const made = await make(currency, [price]);
      expect(made.status).toBe(201);
      const held = await api.held(made.body.slug as string, ['Floor-1']);
      expect(held.total).toEqual({ amount: price, currency });
      const intent = `pi_${randomUUID().replaceAll('-', '')}`;
      const sent = await api.stripe('payment_intent.succeeded', {
        id: intent,
        object: 'payment_intent',
        amount: counted,
        amount_received: counted,
        currency: currency.toLowerCase(),
        metadata: { reservation_id: held.id },
      });
      expect(sent.status).toBe(200);
      const { payment } = await api.until(held.id, 'confirmed');
      expect(payment).toEqual({ reference: intent, amount: price, currency, status: 'captured' });
    },
  );
});
