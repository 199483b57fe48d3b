import { randomUUID } from 'node:crypto';
import { paymentSetupOf } from '../../src/payments/setup';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const pay = (id: string, body: unknown, options = {}) =>
  api.ask(`/v1/test-helpers/reservations/${id}/pay`, { body, ...options });
const expire = (id: string, options = {}) =>
  api.call<Reservation>('POST', `/v1/test-helpers/reservations/${id}/expire`, options);

describe('A payment by the test provider', () => {
  it('confirms, and leaves what a provider’s webhook leaves', async () => {
    const event = await api.event();
    const [helped, told] = [await api.held(event, ['A-1']), await api.held(event, ['A-2'])];
    expect((await pay(helped.id, { outcome: 'succeeds' })).status).toBe(200);
    await api.pay(told);
    for (const { id } of [helped, told]) {
      await api.until(id, 'confirmed');
      await api.tickets(id);
    }
    const story = async (id: string) =>
      (await api.history(id)).map(({ type, actor }) => `${type} by ${actor}`);
    const ofPayment = async (id: string) => {
      const [{ reference, receivedAt, reservation, ...rest }] = (await api.payments(
        id,
      )) as unknown as [Record<string, unknown>];
      expect([typeof reference, typeof receivedAt, reservation]).toEqual(['string', 'string', id]);
      return rest;
    };
    // The mail goes its own way.
    const all = 'tickets.mailed by system';
    await eventually(async () => {
      expect(await story(helped.id)).toContain(all);
      expect(await story(told.id)).toContain(all);
    });
    expect(await story(helped.id)).toEqual(await story(told.id));
    expect(await ofPayment(helped.id)).toEqual(await ofPayment(told.id));
  });

  it('that fails is told, and the hold goes on', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const failed = await pay(held.id, { outcome: 'fails' });
    expect([failed.status, failed.body.status]).toEqual([200, 'held']);
    expect((await api.history(held.id)).map(({ type }) => type)).toContain('payment.failed');
    await pay(held.id, { outcome: 'succeeds' });
    await api.until(held.id, 'confirmed');
  });

  it('of another amount is refunded, as from any provider', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await pay(held.id, { outcome: 'succeeds', amount: 1 });
    await eventually(async () => {
      const { status, refunds } = (await api.get(held.id)).body as unknown as {
        status: string;
        refunds: { status: string; amount: { amount: number } }[];
      };
      expect([status, refunds.map(({ amount }) => amount.amount)]).toEqual(['held', [1]]);
    });
  });

  it('is made by the page that holds too', async () => {
    const key = system.info.keys.publishable;
    const { body } = await api.hold(await api.event(), ['A-1'], { key });
    const { id, token } = body as Reservation & { token: string };
    expect(refusal(await pay(id, { outcome: 'succeeds' }, { key }))).toEqual([404, 'not_found']);
    const headers = { 'reservation-token': token };
    const paid = await pay(id, { outcome: 'succeeds' }, { key, headers });
    expect(paid.status).toBe(200);
    await api.until(id, 'confirmed');
  });

  it.each([[{}], [{ outcome: 'maybe' }], [{ outcome: 'succeeds', amount: -1 }]])(
    'is not made of %j',
    async (body) => {
      const held = await api.held(await api.event(), ['A-1']);
      expect(refusal(await pay(held.id, body))).toEqual([422, 'validation_failed']);
    },
  );

  it('of a change pays what is due for it', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const path = `/v1/reservations/${sold.id}/changes`;
    const quoted = await api.call('POST', path, {
      body: { take: [{ event: sold.event, seats: ['A-2'] }] },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect([quoted.status, quoted.body.status]).toEqual([201, 'quoted']);
    const change = quoted.body.id as string;
    await pay(sold.id, { outcome: 'succeeds', change });
    await eventually(async () => {
      expect((await api.call('GET', `${path}/${change}`)).body.status).toBe('applied');
    });
    const other = await pay(sold.id, { outcome: 'succeeds', change: randomUUID() });
    expect(refusal(other)).toEqual([404, 'not_found']);
  });

  it('is for the own reservation alone', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const stranger = { key: system.info.keys.client2 };
    const paid = await pay(held.id, { outcome: 'succeeds' }, stranger);
    expect(refusal(paid)).toEqual([404, 'not_found']);
    expect(refusal(await expire(held.id, stranger))).toEqual([404, 'not_found']);
  });
});

describe('A hold that a test lets end', () => {
  it('is over at once, for the buyer, the map and the workflow', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    const ended = await expire(held.id);
    expect([ended.status, ended.body.status]).toEqual([200, 'expired']);
    await eventually(async () => {
      expect((await api.history(held.id)).at(-1)!.type).toBe('reservation.expired');
      expect(await api.seatStatus(event, 'A-1')).toBe('available');
    });
    expect((await api.held(event, ['A-1'])).status).toBe('held');
    expect((await expire(held.id)).status).toBe(200);
  });

  it('does not end once it is paid for', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    expect(refusal(await expire(sold.id))).toEqual([409, 'reservation_confirmed']);
  });

  it('is the own one: a page needs its token', async () => {
    const key = system.info.keys.publishable;
    const { body } = await api.hold(await api.event(), ['A-1'], { key });
    expect(refusal(await expire(body.id, { key }))).toEqual([404, 'not_found']);
    const { token } = body as unknown as { token: string };
    const ended = await expire(body.id, { key, headers: { 'reservation-token': token } });
    expect([ended.status, ended.body.status]).toEqual([200, 'expired']);
  });
});

describe('Where payments are real', () => {
  it('there are no such calls', async () => {
    expect(paymentSetupOf({ NODE_ENV: 'production' }).testProvider).toBe(false);
    const real = await startSystem({
      workers: [],
      apiEnv: { STRIPE_API_KEY: 'sk_test_of_nobody' },
    });
    try {
      const shop = new ApiClient(real.info);
      const held = await shop.held(await shop.event(), ['A-1']);
      const { paths } = (await shop.openApi()) as unknown as { paths: Record<string, unknown> };
      expect(Object.keys(paths).filter((path) => path.includes('test-helpers'))).toEqual([]);
      for (const call of ['pay', 'expire']) {
        const path = `${real.info.apiUrl}/v1/test-helpers/reservations/${held.id}/${call}`;
        const headers = { authorization: `Bearer ${real.info.keys.client}` };
        expect((await fetch(path, { method: 'POST', headers })).status).toBe(404);
      }
    } finally {
      await real.stop();
    }
  });
});
