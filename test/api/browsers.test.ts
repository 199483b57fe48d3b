import { randomUUID } from 'node:crypto';
import { addKey, newKey } from '../../src/db/keys';
import { ApiClient, refusal, type Answer, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const SHOP = 'https://shop.example';
/** What a publishable key may call. */
const ALLOWED = [
  'cancelReservation',
  'confirmChange',
  'createChange',
  'createReservation',
  'expireReservation',
  'extendReservation',
  'getChange',
  'getReservation',
  'getSeats',
  'getTickets',
  'getTicketsPdf',
  'listChanges',
  'payAsTestProvider',
  'previewCancel',
  'previewPrices',
  'updateReservation',
  'withdrawChange',
];

let system: TestSystem;
let api: ApiClient;
let publishable: string;

beforeAll(async () => {
  system = await startSystem({ apiEnv: { CORS_ORIGINS: `${SHOP},https://other.example` } });
  api = new ApiClient(system.info);
  ({ publishable } = system.info.keys);
});
afterAll(() => system.stop());

type Made = Reservation & { token?: string };

/** A page's hold. */
async function holdInPage(
  event: string,
  seats: string[],
  options: Parameters<ApiClient['hold']>[2] = {},
): Promise<Made & { token: string }> {
  const answer = await api.hold(event, seats, { key: publishable, ...options });
  expect(answer.status).toBe(201);
  const made = answer.body as Made;
  expect(made.token).toMatch(/^rt_[\w-]{43}$/);
  return made as Made & { token: string };
}

/** A call of the page that holds the reservation. */
const withToken = <Body = Made>(
  method: string,
  path: string,
  token: string,
  body?: unknown,
): Promise<Answer<Body>> =>
  api.call<Body>(method, path, {
    key: publishable,
    body,
    headers: { 'reservation-token': token },
  });

/** What a browser says. */
const inPage = (origin = SHOP) => ({ headers: { origin } });

describe('A publishable key', () => {
  it('holds, names the buyer, extends, and gets the tickets of what was paid for', async () => {
    const held = await holdInPage(await api.event(), ['A-1', 'A-2']);
    const path = `/v1/reservations/${held.id}`;
    const read = await withToken('GET', path, held.token);
    expect(read.status).toBe(200);
    expect(read.body).not.toHaveProperty('token');

    const buyer = { name: 'Grace Hopper', email: 'grace@example.org' };
    const named = await withToken('PATCH', path, held.token, { buyer });
    expect([named.status, named.body.buyer]).toEqual([200, buyer]);
    expect((await withToken('POST', `${path}/extend`, held.token)).status).toBe(200);

    await api.pay(held);
    await api.until(held.id, 'confirmed');
    await api.tickets(held.id);
    const tickets = await withToken<{ data: unknown[] }>('GET', `${path}/tickets`, held.token);
    expect(tickets.body.data).toHaveLength(2);
    expect((await withToken('GET', `${path}/tickets.pdf`, held.token)).status).toBe(200);
  });

  it('cancels what it holds', async () => {
    const event = await api.event();
    const held = await holdInPage(event, ['A-1']);
    const cancelled = await withToken('POST', `/v1/reservations/${held.id}/cancel`, held.token);
    expect([200, 202]).toContain(cancelled.status);
    await api.until(held.id, 'cancelled');
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('cancels no sale: that moves money', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    const answer = await withToken('POST', `/v1/reservations/${held.id}/cancel`, held.token);
    expect(refusal(answer)).toEqual([409, 'reservation_confirmed']);
    expect((await api.get(held.id)).body.cancelRequestedAt).toBeNull();
  });

  it('changes what it holds, and no sale', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    const change = (take: string) =>
      api.call('POST', `/v1/reservations/${held.id}/changes`, {
        key: publishable,
        body: { take: [{ event: held.event, seats: [take] }] },
        headers: { 'reservation-token': held.token, 'idempotency-key': randomUUID() },
      });
    expect((await change('A-2')).status).toBe(201);
    const now = (await api.get(held.id)).body;
    expect(now.seats.map(({ label }) => label)).toEqual(['A-1', 'A-2']);
    await api.pay(now);
    await api.until(held.id, 'confirmed');
    expect(refusal(await change('A-3'))).toEqual([409, 'reservation_confirmed']);
  });

  it('sets none of the words that are the shop’s own', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    const path = `/v1/reservations/${held.id}`;
    for (const body of [{ reference: 'x' }, { metadata: { a: 'b' } }])
      expect(refusal(await withToken('PATCH', path, held.token, body))).toEqual([403, 'forbidden']);
  });

  it('shows in the history who held', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    expect((await api.history(held.id))[0]).toMatchObject({ actor: 'publishable:demo-client' });
    expect((await api.get(held.id, system.info.keys.client)).status).toBe(200);
  });

  it('may do nothing else: every other call is refused', async () => {
    const { paths } = (await api.openApi()) as unknown as {
      paths: Record<string, Record<string, { operationId: string; security: unknown[] }>>;
    };
    const held = await holdInPage(await api.event(), ['A-1']);
    const allowed = [];
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { operationId, security }] of Object.entries(methods)) {
        if (security.length === 0) continue;
        const answer = await withToken(
          method.toUpperCase(),
          path.replaceAll(/\{\w+\}/g, held.id),
          held.token,
          method === 'get' || method === 'delete' ? undefined : { wrong: true },
        );
        if (answer.status === 403) expect(refusal(answer)).toEqual([403, 'forbidden']);
        else allowed.push(operationId);
      }
    }
    expect(allowed.sort()).toEqual(ALLOWED);
  });

  it('is told nothing without a token, with a wrong one, and with that of another reservation', async () => {
    const event = await api.event();
    const [mine, other] = [await holdInPage(event, ['A-1']), await holdInPage(event, ['A-2'])];
    const stranger = 'there-is-no-such-reservation';
    const take = [{ event, seats: ['A-3'] }];
    const bodies: Record<string, unknown> = {
      updateReservation: { buyer: { name: 'Eve' } },
      createChange: { take },
      confirmChange: {},
      payAsTestProvider: { outcome: 'succeeds' },
    };
    const ask = (method: string, path: string, token: string, body?: unknown) =>
      api.call<{ id: string }>(method, path, {
        key: publishable,
        body,
        headers: { 'reservation-token': token, 'idempotency-key': randomUUID() },
      });
    const changes = `/v1/reservations/${mine.id}/changes`;
    const changed = await ask('POST', changes, mine.token, bodies.createChange);
    expect(changed.status).toBe(201);

    const calls = Object.entries((await api.openApi()).paths).flatMap(([path, methods]) =>
      Object.entries(methods as unknown as Record<string, { operationId: string }>)
        .filter(([, { operationId }]) => ALLOWED.includes(operationId) && path.includes('{id}'))
        .map(([method, { operationId }]) => ({ method: method.toUpperCase(), path, operationId })),
    );
    const withoutId = ['createReservation', 'getSeats', 'previewPrices'];
    expect(calls.map(({ operationId }) => operationId).sort()).toEqual(
      ALLOWED.filter((name) => !withoutId.includes(name)),
    );
    const said = ({ body }: Answer<unknown>, id: string) =>
      JSON.stringify({ ...(body as object), instance: '' }).replaceAll(id, '');
    for (const { method, path, operationId } of calls) {
      const askAbout = (id: string, token: string) => {
        const place = path.replace('{id}', id).replace('{change}', changed.body.id);
        return ask(method, place, token, bodies[operationId]);
      };
      const unknown = await askAbout(stranger, mine.token);
      expect([operationId, ...refusal(unknown)]).toEqual([operationId, 404, 'not_found']);
      for (const token of ['', 'rt_wrong', other.token, `${mine.token}x`]) {
        const answer = await askAbout(mine.id, token);
        expect([operationId, ...refusal(answer)]).toEqual([operationId, 404, 'not_found']);
        expect(said(answer, mine.id)).toBe(said(unknown, stranger));
      }
    }
    const { status, body } = await withToken('GET', `/v1/reservations/${mine.id}`, mine.token);
    expect([status, body.status, body.seats.length]).toEqual([200, 'held', 2]);
  });

  it('of another client does not make a token fit', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    const foreign = newKey('publishable');
    await addKey(system.db, foreign, { client: 'else', role: 'publishable' }, { demo: false });
    const answer = await api.call('GET', `/v1/reservations/${held.id}`, {
      key: foreign,
      headers: { 'reservation-token': held.token },
    });
    expect(refusal(answer)).toEqual([404, 'not_found']);
  });

  it('previews prices', async () => {
    const body = { event: await api.event(), seats: ['A-1'] };
    const answer = await api.call('POST', '/v1/price-previews', { key: publishable, body });
    expect(answer.status).toBe(200);
  });
});

describe('The token of a hold', () => {
  it('is given again to a page whose answer was lost, while it is held and no longer', async () => {
    const event = await api.event();
    const [id, email] = [randomUUID(), 'lost@example.org'];
    const held = await holdInPage(event, ['A-1'], { id, email });
    const again = await api.hold(event, ['A-1'], { key: publishable, id, email });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((again.body as Made).token).toBe(held.token);

    await api.pay(held);
    await api.until(id, 'confirmed');
    const later = await api.hold(event, ['A-1'], { key: publishable, id, email });
    expect(later.status).toBe(201);
    expect(later.body).not.toHaveProperty('token');
  });

  it('is needed to see who bought: an id and a guessed body are not enough', async () => {
    const event = await api.event();
    const ask = (key: string, id: string, headers = {}) =>
      api.call<Made>('POST', '/v1/reservations', {
        key,
        body: { event, seats: ['A-1'] },
        headers: { 'idempotency-key': id, ...headers },
      });
    const held = (await ask(publishable, randomUUID())).body;
    const token = { 'reservation-token': held.token! };
    const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
    const path = `/v1/reservations/${held.id}`;
    await api.call('PATCH', path, { key: publishable, headers: token, body: { buyer } });
    const own = { reference: 'order 7', metadata: { table: '4' } };
    await api.call('PATCH', path, { body: own });
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    const { body } = await ask(publishable, held.id);
    expect(body).toMatchObject({ id: held.id, status: 'confirmed', buyer: null, payments: [] });
    expect(body).toMatchObject({ payment: null, refunds: [], reference: null, metadata: {} });
    expect(JSON.stringify(body)).not.toMatch(/Ada|order 7|pay-/);
    expect((await ask(publishable, held.id, token)).body.buyer).toEqual(buyer);
    expect((await ask(system.info.keys.client, held.id)).body).toMatchObject({ buyer, ...own });
  });

  it('is not given for what the shop’s server holds, nor to the server', async () => {
    const event = await api.event();
    const [id, email] = [randomUUID(), 'server@example.org'];
    const byServer = await api.hold(event, ['A-1'], { id, email });
    expect(byServer.body).not.toHaveProperty('token');
    const byPage = await api.hold(event, ['A-1'], { key: publishable, id, email });
    expect(byPage.status).toBe(201);
    expect(byPage.body).not.toHaveProperty('token');

    const page = await holdInPage(event, ['A-2'], { email });
    const server = await api.hold(event, ['A-2'], { id: page.id, email });
    expect(server.body).not.toHaveProperty('token');
  });

  it('is nowhere in the database', async () => {
    const held = await holdInPage(await api.event(), ['A-1']);
    const { rows } = await system.db.pool.query<{ found: string }>(
      `select count(*) as found from reservations r, history h where h.reservation_id = r.id and r.id = $1
          and strpos(r::text || h::text, $2) > 0`,
      [held.id, held.token],
    );
    expect(Number(rows[0]!.found)).toBe(0);
  });
});

describe('A page', () => {
  const allowedOrigin = (answer: Answer<unknown>) =>
    answer.headers.get('access-control-allow-origin');

  it('of a known origin may read the answers to a publishable key', async () => {
    const event = await api.event();
    const answer = await api.hold(event, ['A-1'], { key: publishable, ...inPage() });
    expect([answer.status, allowedOrigin(answer)]).toEqual([201, SHOP]);
    expect(answer.headers.get('vary')).toMatch(/Origin/);
    const exposed = answer.headers.get('access-control-expose-headers')!.split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining([
        ...['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
        ...['X-Request-Id', 'Idempotency-Replayed', 'Date'],
      ]),
    );
    const refused = await api.hold(event, ['A-1'], { key: publishable, ...inPage() });
    expect([refused.status, allowedOrigin(refused)]).toEqual([409, SHOP]);
  });

  it('of an unknown origin may not', async () => {
    const answer = await api.hold(await api.event(), ['A-1'], {
      key: publishable,
      ...inPage('https://evil.example'),
    });
    expect(allowedOrigin(answer)).toBeNull();
  });

  it('of any origin may read what is public', async () => {
    const event = await api.event();
    for (const path of ['/v1/events', `/v1/events/${event}/seats`, '/openapi.json']) {
      const answer = await api.call('GET', path, { key: null, ...inPage('https://any.example') });
      expect([path, answer.status, allowedOrigin(answer)]).toEqual([path, 200, '*']);
    }
  });

  it.each(['client', 'operator', 'scanner'] as const)(
    'with the key of a %s is refused, whatever it asks for',
    async (role) => {
      const key = system.info.keys[role];
      for (const path of ['/v1/reservations', '/v1/payments', '/v1/events', '/v1/ticket-key'])
        expect(refusal(await api.call('GET', path, { key, ...inPage() }))).toEqual([
          403,
          'key_not_for_browsers',
        ]);
    },
  );

  it('of our own may use any key', async () => {
    const { apiUrl, keys } = system.info;
    const own = await api.call('GET', '/v1/payments', { key: keys.operator, ...inPage(apiUrl) });
    expect(own.status).toBe(200);
    const behindProxy = { origin: 'https://tickets.example', 'sec-fetch-site': 'same-origin' };
    const answer = await api.call('GET', '/v1/payments', {
      key: keys.operator,
      headers: behindProxy,
    });
    expect(answer.status).toBe(200);
  });

  /** What a browser asks before a call with a key. */
  async function preflight(method: string, path: string, origin = SHOP) {
    const { status, headers } = await fetch(system.info.apiUrl + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
    return {
      status,
      origin: headers.get('access-control-allow-origin'),
      methods: headers.get('access-control-allow-methods'),
      headers: headers.get('access-control-allow-headers'),
    };
  }

  it.each([
    ['POST', '/v1/reservations'],
    ['PATCH', '/v1/reservations/abc'],
    ['POST', '/v1/reservations/abc/extend'],
    ['GET', '/v1/reservations/abc/tickets.pdf'],
    ['POST', '/v1/price-previews'],
  ])('may ask first whether it may %s %s', async (method, path) => {
    expect(await preflight(method, path)).toEqual({
      ...{ status: 204, origin: SHOP, methods: method },
      headers: expect.stringMatching(/Authorization.*Idempotency-Key.*Reservation-Token/) as string,
    });
    expect((await preflight(method, path, 'https://evil.example')).origin).toBeNull();
  });

  it('may ask first about what is public, from anywhere', async () => {
    const answer = await preflight('GET', '/v1/events/hamlet/seats', 'https://any.example');
    expect(answer).toMatchObject({ status: 204, origin: '*', methods: 'GET' });
  });

  it.each([
    ['GET', '/v1/reservations'],
    ['POST', '/v1/events'],
    ['POST', '/v1/reservations/abc/confirm'],
    ['GET', '/v1/nothing'],
    ['BREW', '/v1/events'],
  ])('gets no leave for %s %s', async (method, path) => {
    expect(await preflight(method, path)).toMatchObject({ origin: null, methods: null });
  });
});
