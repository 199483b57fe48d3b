import { randomUUID } from 'node:crypto';
import { ApiClient, refusal } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let event: string;

beforeAll(async () => {
  system = await startSystem({ workers: [] });
  api = new ApiClient(system.info);
  event = await api.event();
});
afterAll(() => system.stop());

const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
const reserve = (body: unknown, key: string = randomUUID()) =>
  api.call('POST', '/v1/reservations', { body, headers: { 'idempotency-key': key } });
const errorsOf = ({ body }: { body: Record<string, unknown> }) =>
  (body.errors as { path: string }[]).map((one) => one.path);

describe('In a body', () => {
  it('null and an empty list are as absent', async () => {
    const bestAvailable = { category: 'stalls', quantity: 1 };
    expect((await reserve({ event, seats: [], bestAvailable, buyer })).status).toBe(201);
    expect((await reserve({ event, seats: null, bestAvailable, buyer })).status).toBe(201);
    expect((await reserve({ event, seats: ['A-10'], bestAvailable: null, buyer })).status).toBe(
      201,
    );
  });

  it('what is required is missed all the same', async () => {
    expect(refusal(await reserve({ event, seats: [], buyer }))).toEqual([422, 'validation_failed']);
    const missing = await reserve({ event, seats: ['A-9'], buyer: { ...buyer, email: null } });
    expect([missing.status, errorsOf(missing)]).toEqual([422, ['buyer.email']]);
    const operator = system.info.keys.operator;
    const body = {
      slug: 'no-categories',
      name: 'None',
      startsAt: '2030-03-14T19:00:00Z',
      currency: 'EUR',
    };
    const none = await api.call('POST', '/v1/events', {
      key: operator,
      body: { ...body, categories: [], sections: [] },
    });
    expect([none.status, errorsOf(none)]).toEqual([422, ['categories', 'sections']]);
  });

  it('null within a list is an entry like another', async () => {
    const refused = await reserve({ event, seats: ['A-9', null], buyer });
    expect([refused.status, errorsOf(refused)]).toEqual([422, ['seats.1']]);
  });

  it('an event takes null for each field that it does not need', async () => {
    const body = {
      slug: 'nothing-set',
      name: 'Nothing set',
      venue: null,
      startsAt: '2030-03-14T19:00:00Z',
      timeZone: null,
      currency: 'EUR',
      holdTtlSeconds: null,
      maxSeatsPerReservation: null,
      categories: [{ code: 'floor', name: 'Floor', price: 100 }],
      sections: [{ name: 'Floor', category: 'floor', rows: [], places: 5 }],
    };
    const created = await api.call('POST', '/v1/events', { key: system.info.keys.operator, body });
    expect(created.body).toMatchObject({
      venue: null,
      timeZone: 'UTC',
      maxSeatsPerReservation: 10,
    });
  });
});

describe('Under one key', () => {
  it('a request with null or an empty list is the request without it', async () => {
    const key = randomUUID();
    const first = await reserve({ event, seats: ['B-1'], buyer }, key);
    const again = await reserve({ event, seats: ['B-1'], bestAvailable: null, buyer }, key);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      201,
      'true',
    ]);
    expect(
      refusal(
        await reserve(
          { event, seats: [], bestAvailable: { category: 'stalls', quantity: 1 }, buyer },
          key,
        ),
      ),
    ).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('The id of a request', () => {
  const idOf = async (given?: string) => {
    const headers = given === undefined ? undefined : { 'x-request-id': given };
    return (
      await api.call('GET', '/livez', { key: null, ...(headers && { headers }) })
    ).headers.get('x-request-id');
  };

  it('comes back if it is one', async () => {
    expect(await idOf('shop-request_1.2')).toBe('shop-request_1.2');
  });

  it.each([undefined, 'short', 'with space', 'x'.repeat(65)])(
    'is made where %p was given',
    async (given) => {
      expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('is in the problem too', async () => {
    const headers = { 'x-request-id': 'shop-request-3' };
    const { body } = await api.call('GET', '/v1/events/none', { key: null, headers });
    expect(body.instance).toBe('urn:holdfast:request:shop-request-3');
  });
});
