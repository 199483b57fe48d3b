// Requests that Schemathesis does not make: broken HTTP, hostile headers, bodies that are hardly JSON, odd paths.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange, requestBytes } from './wire.mjs';

const DEEP = 50_000;
const BODY_LIMIT = 100_000;
const METHODS = ['TRACE', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'GET', 'POST', 'PROPFIND', 'M-SEARCH', 'QUERY'];

const REFUSED = { refused: true };

/** A hold that would be fine, but for what a case does to it. */
function holdOf({ key, event, seats }) {
  const body = JSON.stringify({ event, seats: [seats[0]], buyer: { name: 'Ada', email: 'ada@example.org' } });
  const headers = (overrides = {}) =>
    Object.entries({
      Authorization: `Bearer ${key}`,
      'Idempotency-Key': randomUUID(),
      'Content-Type': 'application/json',
      ...overrides,
    });
  return { body, headers, request: (rest) => ({ method: 'POST', target: '/v1/reservations', headers: headers(), body, ...rest }) };
}

function headerCases({ key, hold, event }) {
  const { headers, request } = hold;
  const withHeader = (name, value) => request({ headers: [...headers(), [name, value]] });
  const withKey = (value) => request({ headers: headers({ 'Idempotency-Key': value }) });
  const authorized = (value) => ({ target: '/v1/reservations', headers: [['Authorization', value]] });
  const seatsWith = (name, value) => ({ target: `/v1/events/${event}/seats`, headers: [[name, value]] });
  const many = Array.from({ length: 300 }, (_, index) => [`X-Many-${index}`, 'x']);
  return [
    ['a header of 20 kB', withHeader('X-Large', 'x'.repeat(20_000)), { status: [431] }],
    ['a header of 15 kB', withHeader('X-Large', 'x'.repeat(15_000))],
    ['300 headers', request({ headers: [...headers(), ...many] })],
    ['a header with NUL', withHeader('X-Odd', 'a\0b'), { status: [400] }],
    ['a header with a bare line feed', withHeader('X-Odd', 'a\nb: c')],
    ['a header without a name', withHeader('', 'x'), { status: [400] }],
    ['a header with a blank in its name', withHeader('X Odd', 'x'), { status: [400] }],
    ['bytes of no text in a header', withHeader('X-Odd', '\x80\xff\xfe')],
    ...['', 'Bearer', 'Bearer ', 'Basic YTpi', `Bearer ${'x'.repeat(10_000)}`, `Bearer ${key} ${key}`, `Bearer ${key}\xff`].map(
      (value) => [`Authorization: ${value.slice(0, 12)}`, authorized(value), { status: [401] }],
    ),
    ['Authorization in bytes of no text', authorized('Bearer \xff\xfe\x80'), { status: [401] }],
    ['Authorization in UTF-8', authorized('Bearer \xe2\x82\xac\xc3\xa9'), { status: [401] }],
    [
      'Authorization twice, the wrong one first',
      { target: '/v1/reservations', headers: [['Authorization', 'Bearer x'], ['Authorization', `Bearer ${key}`]] },
      { status: [401] },
    ],
    ...['short', 'x'.repeat(129), 'a:b-cdefgh', '"unfinished', '""', '\xe2\x82\xac'.repeat(4), '\xff'.repeat(10), 'tab\tinside-it', '../../etc/passwd'].map(
      (value) => [`Idempotency-Key: ${value.slice(0, 12)}`, withKey(value), { status: [400] }],
    ),
    ['a blank Idempotency-Key', withKey('   '), { status: [400] }],
    ['Idempotency-Key twice', withHeader('Idempotency-Key', randomUUID()), { status: [400] }],
    ['an expectation that is met', withHeader('Expect', '100-continue')],
    ['an expectation that nobody knows', withHeader('Expect', 'miracles')],
    ['an upgrade to WebSocket', withHeader('Upgrade', 'websocket')],
    ['an upgrade to HTTP/2', withHeader('Upgrade', 'h2c')],
    ...['text/plain', 'application/json, text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '', ';', '\xff'].map(
      (value) => [`Content-Type: ${value}`, request({ headers: headers({ 'Content-Type': value }) }), { status: [415] }],
    ),
    ['a Content-Type of 10 kB', request({ headers: headers({ 'Content-Type': `application/json; ${'x'.repeat(10_000)}` }) })],
    ...['gzip', 'br', 'identity, gzip', '\xff'].map((value) => [
      `Content-Encoding: ${value}`,
      withHeader('Content-Encoding', value),
      { status: [415] },
    ]),
    ...['gzip;q=x', '*;q=0', 'identity;q=0', '\xff', ','.repeat(5_000)].map((value) => [
      `Accept-Encoding: ${value.slice(0, 12)}`,
      seatsWith('Accept-Encoding', value),
      { status: [200] },
    ]),
    ...['*', '"', 'W/', ','.repeat(5_000), '\xff'].map((value) => [
      `If-None-Match: ${value.slice(0, 12)}`,
      seatsWith('If-None-Match', value),
      { status: [200, 304] },
    ]),
    ['a range', seatsWith('Range', 'bytes=-1,5-2,'), { status: [200] }],
    ['an Accept that we do not serve', seatsWith('Accept', 'image/png'), { status: [200] }],
    ['a hostile request id', seatsWith('X-Request-Id', '<script>'), { status: [200] }],
    ['a hostile forwarder', seatsWith('X-Forwarded-For', `${'::,'.repeat(3_000)}\xff`), { status: [200] }],
    ['a method override', { target: '/v1/events', headers: [['X-HTTP-Method-Override', 'DELETE']] }, { status: [200] }],
  ];
}

/** Framing: how long the body is, and whether this is HTTP at all. Bytes as they go over the wire. */
function framingCases({ hold }) {
  const { headers, body, request } = hold;
  const framed = (name, value, content = body) => request({ headers: [...headers(), [name, value]], body: content });
  const chunked = (content) => framed('Transfer-Encoding', 'chunked', content);
  const bytes = (text) => ({ method: 'GET', target: '/', raw: Buffer.from(text, 'latin1') });
  return [
    ...['-1', 'abc', '1e3', '0x10', '+5', '9'.repeat(30), '', '5, 5', '5 5'].map((value) => [
      `Content-Length: ${value}`,
      framed('Content-Length', value),
      REFUSED,
    ]),
    ['two lengths', request({ headers: [...headers(), ['Content-Length', '5'], ['Content-Length', '6']] }), { status: [400] }],
    ['a length and chunks', request({ headers: [...headers(), ['Content-Length', '5'], ['Transfer-Encoding', 'chunked']] }), { status: [400] }],
    ['a body that ends early', framed('Content-Length', '1000'), { ...REFUSED, halfClose: true }],
    ['a body longer than told', framed('Content-Length', '10'), { status: [400] }],
    ['no body at all', request({ body: '' }), { status: [400] }],
    ...['gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'xchunked', 'identity', '\x0bchunked'].map((value) => [
      `Transfer-Encoding: ${value}`,
      framed('Transfer-Encoding', value, '0\r\n\r\n'),
      REFUSED,
    ]),
    ['chunks of rubbish', chunked('hello\r\nworld\r\n0\r\n\r\n'), { status: [400] }],
    ['a chunk of a negative size', chunked('-5\r\nhello\r\n0\r\n\r\n'), { status: [400] }],
    ['a chunk of an impossible size', chunked(`${'f'.repeat(40)}\r\nhello`), { status: [400] }],
    ['a chunk with an extension of 20 kB', chunked(`5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`), REFUSED],
    ['chunks that end early', chunked('ff\r\nhello'), { ...REFUSED, halfClose: true }],
    ['a trailer', chunked(`${body.length.toString(16)}\r\n${body}\r\n0\r\nIdempotency-Key: other-key\r\n\r\n`), { status: [201, 409] }],
    ['another protocol', bytes('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), { status: [400] }],
    ['HTTP/2', bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), { status: [400] }],
    ['HTTP/3.7', bytes('GET / HTTP/3.7\r\nHost: x\r\n\r\n'), { status: [400] }],
    ['a method in small letters', bytes('get /livez HTTP/1.1\r\nHost: x\r\n\r\n'), { status: [400] }],
    ['a path with a blank', bytes('GET /v1/ events HTTP/1.1\r\nHost: x\r\n\r\n'), { status: [400] }],
    // Node answers this one itself, without a body.
    ['no Host', bytes('GET /livez HTTP/1.1\r\n\r\n'), { status: [400], bare: true }],
    ['two requests in one, the second broken', bytes('GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\n'), { status: [404] }],
    ['a whole address as target', bytes('GET http://evil.example/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')],
    ['a target that is none', bytes('GET ?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')],
  ];
}

function bodyCases({ hold, key, reservation }) {
  const { body } = hold;
  const post = (target, content) => hold.request({ target, body: content });
  const inHold = (members) => `${body.slice(0, -1)},${members}}`;
  const buyer = (name) => body.replace('"Ada"', name);
  const nested = (open, close) => `{"event":${open.repeat(DEEP)}1${close.repeat(DEEP)}}`;
  const targets = ['/v1/reservations', '/v1/events', '/v1/check-ins'];
  for (const command of ['confirm', 'cancel', 'extend', 'resend', 'erase-buyer']) {
    targets.push(`/v1/reservations/${reservation}/${command}`);
  }
  const everywhere = [
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['NUL', '\0'],
    ['UTF-16', Buffer.from('{"event":1}', 'utf16le')],
    ['nested lists', '['.repeat(DEEP)],
    ['nested objects', nested('{"a":', '}')],
    ['brackets in the wrong order', ']'.repeat(DEEP) + '['.repeat(DEEP)],
    ['half of JSON', '{"event": "x", "seats": ['],
    ['a half escape', '{"event": "\\u12'],
    ['two documents', '{}{}'],
    ['a bare word', 'undefined'],
    ['a list', '[]'],
    ['null', 'null'],
    ['1e400', '1e400'],
  ];
  return [
    ...targets.flatMap((target) => everywhere.map(([what, content]) => [`${what} to ${target}`, post(target, content), REFUSED])),
    ['a byte order mark', hold.request({ body: `\ufeff${body}` }), { status: [201, 400, 409] }],
    ['100 kB and one byte', hold.request({ body: body + ' '.repeat(BODY_LIMIT + 1 - body.length) }), { status: [413] }],
    ['100 kB', hold.request({ body: body + ' '.repeat(BODY_LIMIT - body.length) }), { status: [201, 409] }],
    ['10 MB', hold.request({ body: Buffer.alloc(10_000_000, ' ') }), { status: [413], mayReset: true }],
    ['an event of 1 MB and one byte', post('/v1/events', Buffer.alloc(1_000_001, ' ')), { status: [413], mayReset: true }],
    ['10 MB told but not sent', hold.request({ headers: [...hold.headers(), ['Content-Length', '10000000']] }), { status: [413] }],
    ['__proto__', hold.request({ body: inHold('"__proto__":{"admin":true}') }), REFUSED],
    ['constructor', hold.request({ body: inHold('"constructor":{"prototype":{"admin":true}}') }), REFUSED],
    ['__proto__ in the buyer', hold.request({ body: body.replace('"name"', '"__proto__":{},"name"') }), REFUSED],
    ['only __proto__', hold.request({ body: '{"__proto__":{}}' }), REFUSED],
    ['a key twice', hold.request({ body: inHold('"event":"nowhere"') }), { status: [404] }],
    ['10,000 unknown keys', hold.request({ body: `{${Array.from({ length: 9_000 }, (_, n) => `"k${n}":1`).join()}}` }), REFUSED],
    ...['1e400', '-1e400', '1000000000000000000000000000000', '1.5', '-0', '9007199254740993', '"1"', 'null', '[]', '{}', 'true'].flatMap((number) => [
      [
        `${number} seats`,
        hold.request({ body: `{"event":"hamlet","bestAvailable":{"quantity":${number},"category":"stalls"},"buyer":{"name":"A","email":"a@example.org"}}` }),
        REFUSED,
      ],
      [
        `${number} paid`,
        post(`/v1/reservations/${reservation}/confirm`, `{"payment":{"reference":"${randomUUID()}","amount":${number},"currency":"EUR"}}`),
        REFUSED,
      ],
    ]),
    ...['"\\u0000"', '"a\\u0000b"', '" "', '""', '"\\n"', '"\\u007f"', `"${'x'.repeat(201)}"`, '1', 'null', '{}'].map((name) => [
      `a buyer called ${name.slice(0, 12)}`,
      hold.request({ body: buyer(name) }),
      { status: [422] },
    ]),
    ...['"\\ud800"', '"\\udc00\\ud800"', '"\\u202e\\u2066"', '"=cmd()"', '"<b>&amp;"', `"${'\u{1f600}'.repeat(200)}"`].map((name) => [
      `a buyer called ${name.slice(0, 12)}`,
      hold.request({ body: buyer(name) }),
      { status: [201, 409, 422] },
    ]),
    ...['\\ud800@example.org', 'a@b\\r\\nBcc: c@example.org', 'a@example.org\\u0000', '"a b"@example.org', `${'a'.repeat(65)}@example.org`].map((email) => [
      `mail to ${email.slice(0, 12)}`,
      hold.request({ body: body.replace('ada@example.org', email.replaceAll('"', '\\"')) }),
      { status: [422] },
    ]),
    ...['\\ud800', '\\u0000', "' or 1=1 --", 'x'.repeat(2_001)].map((code) => [
      `a ticket ${code.slice(0, 12)}`,
      post('/v1/check-ins', `{"code":"${code}"}`),
      { status: [404, 422] },
    ]),
    ['a key in the body of none', { method: 'POST', target: `/v1/reservations/${reservation}/resend`, headers: [['Authorization', `Bearer ${key}`], ['Content-Type', 'application/json']], body: '{"__proto__":1}' }, REFUSED],
  ];
}

function timeCases({ hold }) {
  const event = (startsAt) => ({
    ...{ slug: `t-${randomUUID()}`, name: 'Odd', startsAt, currency: 'EUR' },
    ...{ categories: [{ code: 'a', name: 'A', price: 1 }], sections: [{ name: 'A', category: 'a', places: 1 }] },
  });
  const times = ['+23:59', '-23:59', '+16:00', '-15:59', `.${'1'.repeat(200)}Z`, '.Z', '+24:00', 'z', ''];
  const starts = [...times.map((tail) => `2030-01-01T00:00:00${tail}`), '2030-01-01T24:00:00Z', '2030-02-29T00:00:00Z'];
  starts.push('9999-12-31T23:59:59-12:00', '1970-01-01T00:00:00+12:00', '0000-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', 'infinity', 'now');
  return starts.map((startsAt) => [
    `an event that starts at ${startsAt.slice(0, 32)}`,
    hold.request({ target: '/v1/events', body: JSON.stringify(event(startsAt)) }),
    { status: [201, 422] },
  ]);
}

function targetCases({ key, event, reservation }) {
  const headers = [['Authorization', `Bearer ${key}`]];
  const parts = ['%00', '%ff', '%', '%2', '%zz', '..%2f', '%2e%2e', '..', '.', '%c0%af', '%0d%0aX:1', 'a'.repeat(7_000), '%F0%9F%98%80', "'", '%22', '*', ':id', '{id}', '\xff', '__proto__', 'constructor'];
  const templates = ['/v1/events/{x}', '/v1/events/{x}/seats', '/v1/events/{x}/stream', '/v1/reservations/{x}', '/v1/reservations/{x}/tickets.pdf', '/v1/reservations/{x}/history', '/api/assets/{x}', '/{x}', '/v1/{x}'];
  const paths = templates.flatMap((template) => parts.map((part) => template.replace('{x}', part)));
  paths.push('//v1/events', '/v1//events', '/v1/events//', `/v1/events/${event}/`, '/V1/EVENTS', '/v1/events;x=1', '/v1/events#x', '//', '/'.repeat(7_000), '*');
  const names = ['limit', 'cursor', 'event', 'status', 'email', 'reservation', '__proto__', 'constructor', 'toString', 'limit[]', 'limit[$gt]', ''];
  const values = ['', '%', '%ff', '%00', '1&{n}=2', '[]', '0x10', '1e1', ' 5', '1.0', '-1', '9'.repeat(400), 'NaN', 'null', '%F0%9F%98%80', "'--", 'a@%00.org', 'x'.repeat(7_000)];
  const queries = names.flatMap((name) => values.map((value) => `?${name}=${value.replace('{n}', name)}`.replaceAll(' ', '%20')));
  const lists = ['/v1/events', '/v1/reservations', '/v1/payments', `/v1/reservations/${reservation}/history`];
  const cursors = ['000000000000000000', '999999999999999999'].flatMap((time) =>
    [randomUUID(), '00000000', '0', '999999999999999', 'AA', '____', 'x'.repeat(1_000)].map((id) => `?cursor=${time}.${id}`),
  );
  return [
    ...paths.map((target) => [`GET ${target.slice(0, 60)}`, { target, headers }, { status: [200, 301, 302, 400, 404] }]),
    ...lists.flatMap((path) => [...queries, ...cursors].map((query) => [`GET ${path}${query.slice(0, 40)}`, { target: path + query, headers }, { status: [200, 422] }])),
  ];
}

function methodCases({ document, key, event, reservation }) {
  const headers = [['Authorization', `Bearer ${key}`]];
  return [...Object.keys(document.paths), '/openapi.json', '/api/docs/', '/api/redoc/', '/nowhere'].flatMap((path) => {
    const target = path.replace('{event}', event).replace('{id}', reservation);
    const documented = Object.keys(document.paths[path] ?? {}).map((method) => method.toUpperCase());
    return METHODS.filter((method) => !documented.includes(method) && !(method === 'GET' && path.startsWith('/api')) && !(method === 'GET' && path === '/openapi.json'))
      .map((method) => [`${method} ${path}`, { method, target, headers }, { status: [200, 204, 404, 405, 409, 415] }]);
  });
}

/** @returns all cases: a name, a request and what is expected beyond what the document says of its answer */
export function hostileCases(context) {
  const hold = holdOf(context);
  const all = { ...context, hold };
  const makers = [headerCases, framingCases, bodyCases, timeCases, targetCases, methodCases];
  return makers.flatMap((make) => make(all)).map(([name, request, expected = {}]) => ({ name, request: { method: 'GET', ...request }, expected }));
}

/** Sends one case. @returns what is wrong with the answer, or null */
export async function tryCase(apiUrl, judge, { name, request, expected }) {
  const bytes = request.raw ?? requestBytes(request);
  const answer = await exchange(apiUrl, [bytes], { halfClose: expected.halfClose });
  const complain = (what) => `${name}: ${what}${answer ? ` (${answer.status} ${answer.body.toString('utf8').slice(0, 300)})` : ''}`;
  // Whoever sends more than is taken may lose the answer together with the connection.
  if (!answer) return expected.mayReset || expected.halfClose ? null : complain('no answer');
  if (expected.status && !expected.status.includes(answer.status)) return complain(`expected ${expected.status.join(' or ')}`);
  if (expected.refused && (answer.status < 400 || answer.status >= 500)) return complain('it should be refused');
  const wrong = expected.bare ? null : judge(request, answer);
  return wrong && complain(wrong);
}

/** Many who send their body a byte at a time must not hold others up. @returns failures */
export async function trySlowSenders(apiUrl, { key, event, seats }) {
  const hold = holdOf({ key, event, seats });
  const started = requestBytes({ ...hold.request(), headers: [...hold.headers(), ['Content-Length', '5000']], body: '{' });
  const drops = Array.from({ length: 30 }, () => ' ');
  const slow = Array.from({ length: 100 }, () => exchange(apiUrl, [started, ...drops], { pauseMs: 100, limitMs: 1 }).catch(() => null));
  await delay(500);
  const failures = [];
  for (let index = 0; index < 5; index++) {
    const from = Date.now();
    const answer = await exchange(apiUrl, [requestBytes({ ...hold.request(), headers: hold.headers() })]);
    const ms = Date.now() - from;
    if (!answer || ![201, 409].includes(answer.status) || ms > 3_000) {
      failures.push(`beside slow senders a hold was answered ${answer?.status} after ${ms} ms`);
    }
  }
  await Promise.all(slow);
  return failures;
}
