import { randomUUID } from 'node:crypto';
import { addKey, newKey, revokeKey } from '../../src/db/keys';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

type KeyName = keyof TestSystem['info']['keys'];

/** Every call that takes a key, with the role that it is for. */
const CALLS: [method: string, path: string, role: KeyName][] = [
  ['POST', '/v1/events', 'operator'],
  ['POST', '/v1/reservations', 'client'],
  ['GET', '/v1/reservations', 'client'],
  ['GET', '/v1/reservations/nobodys-reservation', 'client'],
  ['GET', '/v1/reservations/nobodys-reservation/history', 'client'],
  ['POST', '/v1/reservations/nobodys-reservation/confirm', 'client'],
  ['POST', '/v1/reservations/nobodys-reservation/extend', 'client'],
  ['POST', '/v1/reservations/nobodys-reservation/cancel', 'client'],
  ['POST', '/v1/reservations/nobodys-reservation/resend', 'client'],
  ['GET', '/v1/reservations/nobodys-reservation/tickets', 'client'],
  ['GET', '/v1/reservations/nobodys-reservation/tickets.pdf', 'client'],
  ['POST', '/v1/check-ins', 'scanner'],
  ['GET', '/v1/payments', 'operator'],
  ['GET', '/metrics', 'operator'],
];
const others = (role: KeyName) => (['client', 'scanner'] as const).filter((one) => one !== role);

describe('A call that takes a key', () => {
  it.each(CALLS)('refuses %s %s without one, with 401', async (method, path) => {
    const answer = await api.call(method, path, { key: null });
    expect(refusal(answer)).toEqual([401, 'unauthorized']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it.each(CALLS)('refuses %s %s with a key that is none, with 401', async (method, path) => {
    const answer = await api.call(method, path, { key: newKey('operator') });
    expect(refusal(answer)).toEqual([401, 'unauthorized']);
  });

  it.each(
    CALLS.flatMap(([method, path, role]) =>
      others(role).map((wrong) => [method, path, wrong] as const),
    ),
  )('refuses %s %s to the role %s, with 403', async (method, path, wrong) => {
    const answer = await api.call(method, path, { key: system.info.keys[wrong] });
    expect(refusal(answer)).toEqual([403, 'forbidden']);
  });

  it.each(CALLS)('lets an operator %s %s', async (method, path) => {
    const answer = await api.call(method, path, { key: system.info.keys.operator });
    expect([200, 400, 404, 415]).toContain(answer.status);
  });

  it.each(CALLS)('lets the role that it is for %s %s', async (method, path, role) => {
    const answer = await api.call(method, path, { key: system.info.keys[role] });
    expect([200, 400, 404, 415]).toContain(answer.status);
  });

  it.each([
    ['without the word Bearer', (key: string) => key],
    ['by another scheme', (key: string) => `Basic ${key}`],
    ['with something behind it', (key: string) => `Bearer ${key} more`],
    ['in another case', (key: string) => `Bearer ${key.toUpperCase()}`],
    ['cut short', (key: string) => `Bearer ${key.slice(0, -1)}`],
    ['empty', () => 'Bearer '],
    ['far too long', () => `Bearer ${'x'.repeat(5000)}`],
  ])('refuses a key sent %s', async (_how, header) => {
    const headers = { authorization: header(system.info.keys.operator) };
    const answer = await api.call('GET', '/v1/reservations', { key: null, headers });
    expect(refusal(answer)).toEqual([401, 'unauthorized']);
  });

  it('takes no key from the query', async () => {
    const answer = await api.call('GET', `/v1/reservations?key=${system.info.keys.operator}`, {
      key: null,
    });
    expect(refusal(answer)).toEqual([401, 'unauthorized']);
  });

  it('takes the scheme in any case, as HTTP has it', async () => {
    const headers = { authorization: `bearer ${system.info.keys.operator}` };
    expect((await api.call('GET', '/v1/reservations', { key: null, headers })).status).toBe(200);
  });
});

describe('What is public', () => {
  it('needs no key', async () => {
    const event = await api.event();
    for (const path of [
      '/v1/events',
      `/v1/events/${event}`,
      `/v1/events/${event}/seats`,
      '/openapi.json',
      '/livez',
    ]) {
      expect([path, (await api.call('GET', path, { key: null })).status]).toEqual([path, 200]);
    }
  });

  it('does not mind a key that is none', async () => {
    expect((await api.call('GET', '/v1/events', { key: 'made-up' })).status).toBe(200);
  });
});

describe('The keys of one client', () => {
  it('share its reservations', async () => {
    const second = newKey('client');
    await addKey(system.db, second, { client: 'demo-client', role: 'client' }, { demo: true });
    const held = await api.held(await api.event(), ['A-1']);
    expect((await api.get(held.id, second)).body).toEqual(held);
  });

  it('end within seconds of their revocation', async () => {
    const client = `client-${randomUUID().slice(0, 8)}`;
    const key = newKey('operator');
    await addKey(system.db, key, { client, role: 'operator' }, { demo: false });
    expect((await api.call('GET', '/v1/reservations', { key })).status).toBe(200);

    const id = sql('test_key_id', 'select id from api_keys where client = $1');
    const [row] = await system.db.rows<{ id: number }>(id, [client]);
    await revokeKey(system.db, row!.id);
    await eventually(async () => {
      expect((await api.call('GET', '/v1/reservations', { key })).status).toBe(401);
    });
  });

  it('are kept as hashes only', async () => {
    const everything = sql(
      'test_keys_text',
      'select string_agg(k::text, $1) as text from api_keys k',
    );
    const [row] = await system.db.rows<{ text: string }>(everything, ['\n']);
    for (const key of Object.values(system.info.keys)) expect(row!.text).not.toContain(key);
  });
});
