import { ApiClient, refusal, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const confirmation = { payment: { reference: 'not-mine', amount: 4500, currency: 'EUR' } };
/** Every call about one reservation. */
const CALLS: [method: string, path: (id: string) => string, body?: unknown][] = [
  ['GET', (id) => `/v1/reservations/${id}`],
  ['GET', (id) => `/v1/reservations/${id}/history`],
  ['POST', (id) => `/v1/reservations/${id}/confirm`, confirmation],
  ['POST', (id) => `/v1/reservations/${id}/extend`],
  ['POST', (id) => `/v1/reservations/${id}/cancel`],
  ['POST', (id) => `/v1/reservations/${id}/resend`],
  ['GET', (id) => `/v1/reservations/${id}/tickets`],
  ['GET', (id) => `/v1/reservations/${id}/tickets.pdf`],
];
const NAMED = CALLS.map(
  ([method, path, body]) => [`${method} ${path('{id}')}`, { method, path, body }] as const,
);

const states: Record<string, () => Promise<Reservation>> = {
  held: async () => api.held(await api.event(), ['A-1']),
  confirmed: async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    return sold;
  },
  cancelled: async () => {
    const held = await api.held(await api.event(), ['A-1']);
    return (await api.cancel(held.id)).body;
  },
  expired: async () => {
    const held = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    return api.until(held.id, 'expired');
  },
};
const mine: Record<string, Reservation> = {};
beforeAll(async () => {
  for (const [state, make] of Object.entries(states)) mine[state] = await make();
});

describe('Another client', () => {
  it.each(NAMED)(
    'gets 404 for %s, as for a reservation that is none, whatever its state',
    async (_name, call) => {
      const { method, path, body } = call;
      const ask = (id: string) =>
        api.call(method, path(id), { key: system.info.keys.client2, body });
      const unknown = await ask('there-is-no-such-reservation');
      expect(refusal(unknown)).toEqual([404, 'not_found']);
      for (const { id } of Object.values(mine)) {
        const answer = await ask(id);
        expect(refusal(answer)).toEqual([404, 'not_found']);
        const said = JSON.stringify({ ...answer.body, instance: '' }).replaceAll(id, '');
        expect(said).toBe(
          JSON.stringify({ ...unknown.body, instance: '' }).replaceAll(
            'there-is-no-such-reservation',
            '',
          ),
        );
      }
    },
  );

  it('has changed nothing by trying', async () => {
    for (const before of Object.values(mine))
      // Its tickets may have been printed meanwhile.
      expect((await api.get(before.id)).body).toEqual({
        ...before,
        updatedAt: expect.any(String) as string,
      });
  });
});

describe('A scanner', () => {
  it.each(NAMED)('gets 403 for %s', async (_name, { method, path, body }) => {
    for (const { id } of Object.values(mine)) {
      const answer = await api.call(method, path(id), { key: system.info.keys.scanner, body });
      expect(refusal(answer)).toEqual([403, 'forbidden']);
    }
  });
});

describe('An operator', () => {
  it('sees and does all of it', async () => {
    const { operator } = system.info.keys;
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    expect((await api.get(held.id, operator)).body).toEqual(held);
    expect(
      (await api.call('POST', `/v1/reservations/${held.id}/extend`, { key: operator })).status,
    ).toBe(200);
    expect((await api.confirm(held, `by-operator-${held.id}`, { key: operator })).status).toBe(200);
    await api.tickets(held.id);
    for (const path of ['history', 'tickets', 'tickets.pdf']) {
      expect(
        (await api.call('GET', `/v1/reservations/${held.id}/${path}`, { key: operator })).status,
      ).toBe(200);
    }
    expect(
      (await api.call('POST', `/v1/reservations/${held.id}/resend`, { key: operator })).status,
    ).toBe(202);
    expect((await api.cancel(held.id, { key: operator })).status).toBe(200);
  });
});

describe('A reservation that is none', () => {
  it.each([
    'x',
    'there-is-none',
    'x'.repeat(500),
    'settle:abc',
    '%F0%9F%8E%AD',
    '%00',
    '%27%20or%201%3D1',
  ])('is 404 for its own client and for operators: %s', async (id) => {
    for (const key of [system.info.keys.client, system.info.keys.operator]) {
      for (const [, { method, path, body }] of NAMED) {
        expect(refusal(await api.call(method, path(id), { key, body }))).toEqual([
          404,
          'not_found',
        ]);
      }
    }
  });
});
