import { randomUUID } from 'node:crypto';
import { ApiClient, refusal, type Answer } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
const reserve = (body: unknown, key = randomUUID()) =>
  api.call('POST', '/v1/reservations', { body, headers: { 'idempotency-key': key } });
const reserveRaw = (raw: string | Buffer, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/reservations', {
    raw,
    headers: { 'idempotency-key': randomUUID(), ...headers },
  });
const pathsOf = ({ body }: Answer) => [
  ...new Set((body.errors as { path: string }[]).map(({ path }) => path)),
];

describe('An error', () => {
  it('is a problem by RFC 9457 with a stable code', async () => {
    const answer = await api.call('GET', '/v1/events/there-is-none', { key: null });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      status: 404,
      code: 'not_found',
      type: expect.any(String) as string,
    });
    expect(answer.body).toMatchObject({
      title: expect.any(String) as string,
      detail: expect.any(String) as string,
    });
  });

  it.each(['/v1/nothing', '/v1/events/a/b/c', '/v2/events', '/v1/reservations/../../etc/passwd'])(
    'is 404 for the unknown path %s',
    async (path) => {
      expect(refusal(await api.call('GET', path))).toEqual([404, 'not_found']);
    },
  );

  it.each([
    ['DELETE', '/v1/reservations/some-reservation'],
    ['PUT', '/v1/events/hamlet'],
    ['PATCH', '/v1/events'],
    ['GET', '/v1/check-ins'],
    ['GET', '/v1/reservations/some-reservation/extend'],
  ])('is 405 for %s %s, and says what is allowed', async (method, path) => {
    const answer = await api.call(method, path);
    expect(refusal(answer)).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toMatch(/GET|POST/);
  });

  it.each([
    '/v1/events/%',
    '/v1/events/%ff',
    '/v1/events/%00',
    '/v1/reservations/%E0%A4%A',
    '/v1/reservations/%00%00%00%00%00%00%00%00',
  ])('is the client’s for the broken path %s', async (path) => {
    const { status } = await api.call('GET', path);
    expect([400, 404]).toContain(status);
  });

  it.each(['changes', 'resend', 'refunds'])(
    'is the client’s for a NUL in the id of …/%s, with a key and a body that is none',
    async (call) => {
      const key = call === 'refunds' ? system.info.keys.operator : system.info.keys.client;
      const { status } = await api.call('POST', `/v1/reservations/abc%00/${call}`, {
        key,
        body: { x: 1 },
        headers: { 'idempotency-key': randomUUID() },
      });
      expect([404, 422]).toContain(status);
    },
  );
});

describe('Fields', () => {
  it('that are unknown are refused by name', async () => {
    const event = await api.event();
    const answer = await reserve({
      event,
      seats: ['A-1'],
      buyer: { ...buyer, phone: '1' },
      discount: 5,
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer).sort()).toEqual(['buyer.phone', 'discount']);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'named %s are unknown like any other',
    async (name) => {
      const event = await api.event();
      const raw = `{"event":"${event}","seats":["A-1"],"buyer":{"name":"Ada","email":"ada@example.org"},"${name}":{"a":1}}`;
      const answer = await reserveRaw(raw);
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect(pathsOf(answer)).toEqual([name]);
    },
  );

  it('that are unknown in a query are refused by name', async () => {
    const answer = await api.call('GET', '/v1/events?colour=red', { key: null });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer)).toEqual(['colour']);
  });

  it('given twice in a query are refused', async () => {
    expect(refusal(await api.call('GET', '/v1/events?limit=1&limit=2', { key: null }))).toEqual([
      422,
      'validation_failed',
    ]);
  });

  it('that are missing are named', async () => {
    const answer = await reserve({});
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer)).toEqual(expect.arrayContaining(['event', 'seats']));
  });

  it.each(['0', '-1', '201', '1.5', 'many', 'NaN', '', '1e99'])(
    'like a limit of "%s" are refused',
    async (limit) => {
      const answer = await api.call('GET', `/v1/events?limit=${limit}`, { key: null });
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect(pathsOf(answer)).toEqual(['limit']);
    },
  );

  it.each([
    'x',
    'bnVsbA',
    'WyIyMDMwIiwiYSJd',
    '%00',
    Buffer.from('["2030-01-01T00:00:00.000000Z","x"]').toString('base64url'),
  ])('like the made-up cursor %s are refused', async (cursor) => {
    const answer = await api.call('GET', `/v1/events?cursor=${cursor}`, { key: null });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
  });
});

describe('A body', () => {
  it.each([
    ['nothing at all', ''],
    ['no JSON', 'seats=A-1'],
    ['half of JSON', '{"event": '],
    ['JSON with something behind it', '{} {}'],
    ['text that is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ])('that is %s is malformed: 400', async (_what, raw) => {
    expect(refusal(await reserveRaw(raw))).toEqual([400, 'malformed_request']);
  });

  it.each(['[]', 'null', '"text"', '5', 'true'])(
    'that is the JSON %s does not validate: 422',
    async (raw) => {
      expect(refusal(await reserveRaw(raw))).toEqual([422, 'validation_failed']);
    },
  );

  it('of ten thousand levels is refused without harm', async () => {
    for (const raw of [
      '['.repeat(10_000) + ']'.repeat(10_000),
      '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
    ]) {
      expect((await reserveRaw(raw)).status).toBe(400);
    }
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'application/jsonp',
    'json',
  ])('of the type %s is not supported: 415', async (type) => {
    expect(refusal(await reserveRaw('{}', { 'content-type': type }))).toEqual([
      415,
      'unsupported_media_type',
    ]);
  });

  it('that is compressed is not supported: 415', async () => {
    expect((await reserveRaw('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('may name its character set', async () => {
    const body = JSON.stringify({ event: await api.event(), seats: ['A-1'], buyer });
    expect(
      (await reserveRaw(body, { 'content-type': 'Application/JSON; charset=utf-8' })).status,
    ).toBe(201);
  });

  it('may have up to 100 kB, and no more', async () => {
    const body = JSON.stringify({ event: await api.event(), seats: ['A-1'], buyer });
    expect((await reserveRaw(body.padEnd(99_000))).status).toBe(201);
    expect(refusal(await reserveRaw(body.padEnd(110_000)))).toEqual([413, 'body_too_large']);
  });

  it('of an event may have up to 1 MB, and no more', async () => {
    const body = JSON.stringify({
      slug: `large-${randomUUID().slice(0, 8)}`,
      name: 'Large',
      startsAt: '2030-01-01T00:00:00Z',
      currency: 'EUR',
      categories: [{ code: 'all', name: 'All', price: 1 }],
      sections: [{ name: 'Floor', category: 'all', places: 1 }],
    });
    const key = system.info.keys.operator;
    expect((await api.call('POST', '/v1/events', { key, raw: body.padEnd(990_000) })).status).toBe(
      201,
    );
    expect(
      refusal(await api.call('POST', '/v1/events', { key, raw: body.padEnd(1_100_000) })),
    ).toEqual([413, 'body_too_large']);
  });

  it('far over its limit still gets its answer, while it is being sent', async () => {
    for (let time = 0; time < 5; time++) {
      expect(refusal(await reserveRaw(' '.repeat(3_000_000)))).toEqual([413, 'body_too_large']);
    }
  });

  it('is not needed where there is none, but must not say anything then', async () => {
    const { id } = await api.held(await api.event(), ['A-1']);
    const path = `/v1/reservations/${id}/extend`;
    expect((await api.call('POST', path)).status).toBe(200);
    expect((await api.call('POST', path, { body: {} })).status).toBe(200);
    expect(refusal(await api.call('POST', path, { body: { seconds: 5 } }))).toEqual([
      422,
      'validation_failed',
    ]);
  });
});

describe('Text', () => {
  it.each([
    ['a NUL', 'Ada\u0000'],
    ['a line break', 'Ada\r\nBcc: all@example.org'],
    ['an escape character', 'Ada\u001b[2J'],
    ['a delete character', 'Ada\u007f'],
    ['nothing', ''],
    ['only blanks', '   '],
    ['201 characters', 'x'.repeat(201)],
  ])('with %s is no name', async (_what, name) => {
    const answer = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, name },
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer)).toEqual(['buyer.name']);
  });

  it.each([
    'Zoë Müller-Lüdenscheidt',
    '王小明',
    'محمد',
    'Ñandú 🎭 👩‍👩‍👧',
    '<script>alert(1)</script>',
    "Robert'); drop table seats;--",
    'x'.repeat(200),
  ])('like "%s" is a name, and stays as it is', async (name) => {
    const { status, body } = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, name },
    });
    expect([status, body.buyer]).toEqual([201, { ...buyer, name }]);
  });

  it('is one text, however its accents are written', async () => {
    const given = { ...buyer, name: 'Zoe\u0308' };
    const { status, body } = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: given,
    });
    expect([status, body.buyer]).toEqual([201, { ...buyer, name: 'Zo\u00eb' }]);
  });

  it.each([
    '\u200b',
    '\u3164',
    '\u2800',
    '\u0301',
    '\u00a0\u00ad',
    '\ufe0f\u200d',
    '\u{e0041}',
    '\u{1d159}',
  ])('of characters without a shape, like %j, is none', async (name) => {
    const answer = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, name },
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer)).toEqual(['buyer.name']);
  });

  it.each(['\u{10baab}', '\u{4dfdc}'])(
    'of a character for private use, or an unassigned one, is a name: %j',
    async (name) => {
      const { status } = await reserve({
        event: await api.event(),
        seats: ['A-1'],
        buyer: { ...buyer, name },
      });
      expect(status).toBe(201);
    },
  );

  it('with half of a character is no cause for harm', async () => {
    const { status } = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, name: 'Ada \ud800' },
    });
    expect([201, 422]).toContain(status);
  });

  it.each([
    'ada',
    'ada@',
    '@example.org',
    'ada@example.org\u0000',
    'ada@example.org\r\nBcc: a@b.cz',
    'a b@example.org',
    `${'x'.repeat(250)}@a.cz`,
    `${'x'.repeat(65)}@example.org`,
    '"a b"@example.org',
    '.ada@example.org',
    'a..da@example.org',
    'почта@пример.рф',
    'ada@xn--a.org',
    'ada@exam\u00adple.org',
    'ada@пример\u200b.рф',
    'ada@example',
    'ada@192.0.2.1',
    '',
  ])('like "%s" is no e-mail address', async (email) => {
    const answer = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, email },
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(pathsOf(answer)).toEqual(['buyer.email']);
  });

  it.each([
    'user@xn--e1afmkfd.xn--p1ai',
    'user@пример.рф',
    'a&b@example.org',
    "o'hara+1/x=y@example.org",
    'a@b.co',
  ])('like "%s" is an e-mail address, and stays as it is', async (email) => {
    const { status, body } = await reserve({
      event: await api.event(),
      seats: ['A-1'],
      buyer: { ...buyer, email },
    });
    expect([status, body.buyer]).toEqual([201, { ...buyer, email }]);
  });

  it.each(['\u0000', 'A-1\u0000', "A-1' or true", '🎭', 'A-1 ', 'a-1'])(
    'like "%s" is no seat',
    async (label) => {
      expect(refusal(await reserve({ event: await api.event(), seats: [label], buyer }))).toEqual([
        422,
        'validation_failed',
      ]);
    },
  );

  it.each(['%00', 'a%00b', '%F0%9F%8E%AD', "'%20or%20true"])(
    'like %s finds nothing in a list',
    async (text) => {
      const key = system.info.keys.operator;
      const { status, body } = await api.call('GET', `/v1/reservations?event=${text}`, { key });
      expect(status === 422 || (status === 200 && (body.data as unknown[]).length === 0)).toBe(
        true,
      );
    },
  );
});

describe('A number', () => {
  it.each(['1e999', '9007199254740993', '1e21', '-1', '0', '0.5', '"2"', 'null', 'true', '[2]'])(
    'like %s is no quantity',
    async (quantity) => {
      const event = await api.event();
      const raw = `{"event":"${event}","bestAvailable":{"quantity":${quantity},"category":"stalls"},"buyer":{"name":"Ada","email":"ada@example.org"}}`;
      const answer = await reserveRaw(raw);
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect(pathsOf(answer)).toEqual(['bestAvailable.quantity']);
    },
  );

  it.each(['1e999', '9007199254740993', '-1', '0.5', '"4500"', 'null'])(
    'like %s is no amount',
    async (amount) => {
      const held = await api.held(await api.event(), ['A-1']);
      const raw = `{"payment":{"reference":"pay-1","amount":${amount},"currency":"EUR"}}`;
      const answer = await api.call('POST', `/v1/reservations/${held.id}/confirm`, { raw });
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect(pathsOf(answer)).toEqual(['payment.amount']);
    },
  );
});
