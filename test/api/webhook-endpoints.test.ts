import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { requireWebhookKey } from '../../src/production';
import { ApiClient, eventually, refusal, type Page } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

interface Endpoint {
  id: string;
  client: string;
  url: string;
  types: string[] | null;
  status: string;
  secret?: string;
}
const URL = 'https://shop.example/hooks';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  // Nothing can be sent: only the calls are looked at.
  system = await startSystem({ workers: ['reservations,documents,mail,relay'] });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const create = (body: unknown, { id = randomUUID(), key = system.info.keys.client } = {}) =>
  api.call<Endpoint>('POST', '/v1/webhook-endpoints', {
    key,
    headers: { 'idempotency-key': id },
    body,
  });
const made = async (body: unknown = { url: URL }, options = {}) => {
  const { status, body: endpoint } = await create(body, options);
  if (status !== 201) throw new Error(JSON.stringify(endpoint));
  return endpoint;
};
const path = (id: string, call = '') => `/v1/webhook-endpoints/${id}${call}`;
afterEach(async () => {
  await system.db.run(sql('drop_endpoints', `update webhook_endpoints set status = 'deleted'`));
});

describe('A webhook endpoint', () => {
  it('is made with a secret that is shown once', async () => {
    const endpoint = await made({ url: URL, types: ['reservation.confirmed'] });
    expect(endpoint).toMatchObject({
      url: URL,
      types: ['reservation.confirmed'],
      status: 'enabled',
    });
    expect(endpoint.secret).toMatch(/^whsec_/);
    const shown = await api.call<Endpoint>('GET', path(endpoint.id));
    expect(shown.body.secret).toBeUndefined();
    const rows = await system.db.rows(
      sql<{ sealed: Buffer }>(
        'sealed',
        'select sealed from webhook_secrets where endpoint_id = $1',
      ),
      [endpoint.id],
    );
    const inClear = Buffer.from(endpoint.secret!.slice(6), 'base64');
    expect(rows[0]!.sealed.includes(inClear)).toBe(false);
    expect(rows[0]!.sealed.includes(endpoint.secret!)).toBe(false);
  });

  it('is made once for a key, and a repetition does not show the secret', async () => {
    const id = randomUUID();
    const first = await create({ url: URL }, { id });
    const second = await create({ url: URL, types: null }, { id });
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(second.body).toEqual({ ...first.body, secret: undefined });
    for (const other of [{ url: `${URL}/other` }, { url: 'ftp://x' }, { uri: URL }])
      expect(refusal(await create(other, { id }))).toEqual([422, 'idempotency_key_reused']);
    const answer = await api.call('POST', '/v1/webhook-endpoints', { body: { url: URL } });
    expect(refusal(answer)).toEqual([400, 'idempotency_key_missing']);
  });

  it.each([
    ['http://127.0.0.1:8080/', 'url'],
    ['http://[::1]/', 'url'],
    ['http://[::ffff:10.0.0.1]/', 'url'],
    ['http://169.254.169.254/latest/meta-data', 'url'],
    ['http://2130706433/', 'url'],
    ['http://localhost/', 'url'],
    ['https://shop.example/a\u0000b', 'url'],
    ['https://shop.example/a\tb', 'url'],
    ['https://user:pass@shop.example/', 'url'],
    ['gopher://shop.example/', 'url'],
    ['shop.example', 'url'],
    [`https://shop.example/${'x'.repeat(2000)}`, 'url'],
    ['', 'url'],
  ])('is refused at %s', async (url, field) => {
    const answer = await create({ url });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect((answer.body as unknown as { errors: { path: string }[] }).errors[0]!.path).toBe(field);
  });

  it.each([[['reservation.painted']], [['event.created', 'event.created']], ['all'], [[1]]])(
    'is refused with the types %j',
    async (types) => {
      expect(refusal(await create({ url: URL, types }))).toEqual([422, 'validation_failed']);
    },
  );

  it('may be changed: what is absent stays, null means all types', async () => {
    const { id } = await made({ url: URL, types: ['event.created'] });
    const patch = (body: unknown) => api.call<Endpoint>('PATCH', path(id), { body });
    expect((await patch({ url: `${URL}/2` })).body).toMatchObject({
      url: `${URL}/2`,
      types: ['event.created'],
    });
    expect((await patch({ types: null })).body).toMatchObject({ url: `${URL}/2`, types: null });
    expect(refusal(await patch({ url: 'http://127.0.0.1/' }))).toEqual([422, 'validation_failed']);
    expect(refusal(await patch({ secret: 'mine' }))).toEqual([422, 'validation_failed']);
    expect((await api.call<Endpoint>('GET', path(id))).body).toMatchObject({ url: `${URL}/2` });
  });

  it('may be deleted, and is gone', async () => {
    const { id } = await made();
    const deleted = await api.call('DELETE', path(id));
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect(refusal(await api.call('GET', path(id)))).toEqual([404, 'not_found']);
    expect(refusal(await api.call('DELETE', path(id)))).toEqual([404, 'not_found']);
    const [row] = await system.db.rows(
      sql<{ count: number }>(
        'secrets_left',
        'select count(*) as count from webhook_secrets where endpoint_id = $1',
      ),
      [id],
    );
    expect(row!.count).toBe(0);
    // A day later nothing is left of it.
    await system.db.run(
      sql('aged', `update webhook_endpoints set updated_at = now() - interval '25 hours'`),
    );
    await system.db.run(sql('no_outbox', `delete from outbox where kind = 'webhooks'`));
    await eventually(async () => {
      const rows = await system.db.rows(
        sql('left', 'select from webhook_endpoints where id = $1'),
        [id],
      );
      expect(rows).toHaveLength(0);
    });
  });

  it("is a client's own: another gets 404 for each call, an operator sees all", async () => {
    const { client2, operator } = system.info.keys;
    const { id } = await made();
    const after = (await api.call<{ next: string }>('GET', '/v1/feed?after=now')).body.next;
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['PATCH', '', { types: null }],
      ['POST', '/rotate-secret'],
      ['POST', '/replay', { after }],
      ['POST', '/enable'],
      ['GET', '/deliveries'],
      ['DELETE', ''],
    ];
    for (const [method, call, body] of calls) {
      const answer = await api.call(method, path(id, call), { key: client2, body });
      expect(refusal(answer)).toEqual([404, 'not_found']);
    }
    const listOf = async (key: string) =>
      (await api.call<Page<Endpoint>>('GET', '/v1/webhook-endpoints', { key })).body.data.map(
        (endpoint) => endpoint.id,
      );
    const operators = await made({ url: URL }, { key: operator });
    expect(await listOf(client2)).toEqual([]);
    expect(await listOf(system.info.keys.client)).toEqual([id]);
    expect(await listOf(operator)).toEqual([operators.id, id]);
    expect(refusal(await api.call('GET', path(operators.id)))).toEqual([404, 'not_found']);
    for (const [method, call, body] of calls) {
      const answer = await api.call(method, path(id, call), { key: operator, body });
      expect([200, 204]).toContain(answer.status);
    }
    for (const role of ['scanner', 'scanner'] as const)
      expect(refusal(await create({ url: URL }, { key: system.info.keys[role] }))).toEqual([
        403,
        'forbidden',
      ]);
  });

  it('is one of twenty of its client', async () => {
    for (let count = 0; count < 20; count++) await made();
    expect(refusal(await create({ url: URL }))).toEqual([403, 'limit_exceeded']);
    const { data, nextCursor } = (
      await api.call<Page<Endpoint>>('GET', '/v1/webhook-endpoints?limit=15')
    ).body;
    const rest = await api.call<Page<Endpoint>>(
      'GET',
      `/v1/webhook-endpoints?limit=15&cursor=${nextCursor}`,
    );
    const ids = [...data, ...rest.body.data].map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
  });

  it('gets a new secret, once for a key', async () => {
    const { id, secret } = await made();
    const key = { headers: { 'idempotency-key': randomUUID() } };
    const first = await api.call<Endpoint>('POST', path(id, '/rotate-secret'), key);
    expect(first.body.secret).toMatch(/^whsec_/);
    expect(first.body.secret).not.toBe(secret);
    const again = await api.call<Endpoint>('POST', path(id, '/rotate-secret'), key);
    expect([again.headers.get('idempotency-replayed'), again.body.secret]).toEqual([
      'true',
      undefined,
    ]);
    // Many in a day: few sign.
    for (let turn = 0; turn < 6; turn++) await api.call('POST', path(id, '/rotate-secret'));
    const rows = await system.db.rows(
      sql('secrets_of', 'select from webhook_secrets where endpoint_id = $1'),
      [id],
    );
    expect(rows).toHaveLength(4);
  });

  it.each([
    [{}, 422, 'validation_failed'],
    [{ after: 'now' }, 422, 'validation_failed'],
    [{ after: 'yesterday' }, 422, 'validation_failed'],
    [{ after: '000000999999999.00000000' }, 410, 'feed_reset'],
  ])('is not sent again what is behind %j', async (body, status, code) => {
    const { id } = await made();
    expect(refusal(await api.call('POST', path(id, '/replay'), { body }))).toEqual([status, code]);
  });

  it('goes on at most 30 days back when it is enabled', async () => {
    const event = await api.event();
    for (const seat of ['A-1', 'A-2', 'A-3', 'A-4']) await api.held(event, [seat]);
    const { id } = await made();
    const place = () =>
      system.db
        .rows(
          sql<{ position: number; status: string }>(
            'position_of',
            'select position, status from webhook_endpoints where id = $1',
          ),
          [id],
        )
        .then(([row]) => row!);
    const last = (await place()).position;
    await system.db.run(
      sql(
        'disable',
        `update webhook_endpoints set status = 'disabled', disabled_reason = 'no_success', disabled_at = now(), position = 0 where id = $1`,
      ),
      [id],
    );
    await system.db.run(
      sql(
        'age_feed',
        `update feed set numbered_at = now() - interval '31 days' where sequence < $1`,
      ),
      [last],
    );
    await system.db.run(
      sql(
        'old_delivery',
        `insert into webhook_deliveries (endpoint_id, sequence, mark, history_id, subject, next_attempt_at)
         select $1, sequence, mark, history_id, 'old-' || sequence, now() from feed where sequence in (1, $2)`,
      ),
      [id, last],
    );
    const { body } = await api.call<Endpoint>('POST', path(id, '/enable'));
    expect(body.status).toBe('enabled');
    expect((await place()).position).toBe(last - 1);
    const left = await api.call<Page<{ sequence: number }>>('GET', path(id, '/deliveries'));
    expect(left.body.data.map(({ sequence }) => sequence)).toEqual([last]);
    // An endpoint that is enabled stays as it is.
    expect((await api.call('POST', path(id, '/enable'))).status).toBe(200);
  });

  it.each(['x', 'none', '%00', randomUUID(), '5f0c3a0f-2d11-4c9e-a5a1-9b2f6f0e6a5'])(
    'that is none is 404: %s',
    async (id) => {
      for (const [method, call] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/enable'],
        ['GET', '/deliveries'],
      ] as const)
        expect(refusal(await api.call(method, path(id, call)))).toEqual([404, 'not_found']);
    },
  );

  it('keeps a process in production from starting without the key of its secrets', async () => {
    const production = { NODE_ENV: 'production' };
    await expect(requireWebhookKey(system.db, production)).resolves.toBeUndefined();
    await made();
    await expect(requireWebhookKey(system.db, production)).rejects.toThrow('WEBHOOK_SECRETS_KEY');
    const withKey = { ...production, WEBHOOK_SECRETS_KEY: Buffer.alloc(32, 1) };
    await expect(requireWebhookKey(system.db, withKey)).resolves.toBeUndefined();
  });
});
