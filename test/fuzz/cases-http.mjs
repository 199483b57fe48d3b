// Hostile headers and broken framing. A case: a name, a request, what is expected beyond what the document says.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';

/** Expected of a case: any of the 4xx. */
const REFUSED = { refused: true };

export function headerCases({ key, hold, event }) {
  const { headers, request } = hold;
  const withHeader = (name, value) => request({ headers: [...headers(), [name, value]] });
  const withKey = (value) => request({ headers: headers({ 'Idempotency-Key': value }) });
  const authorized = (value) => ({
    target: '/v1/reservations',
    headers: [['Authorization', value]],
  });
  const seatsWith = (name, value) => ({
    target: `/v1/events/${event}/seats`,
    headers: [[name, value]],
  });
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
    ...[
      '',
      'Bearer',
      'Bearer ',
      'Basic YTpi',
      `Bearer ${'x'.repeat(10_000)}`,
      `Bearer ${key} ${key}`,
      `Bearer ${key}\xff`,
    ].map((value) => [
      `Authorization: ${value.slice(0, 12)}`,
      authorized(value),
      { status: [401] },
    ]),
    ['Authorization in bytes of no text', authorized('Bearer \xff\xfe\x80'), { status: [401] }],
    ['Authorization in UTF-8', authorized('Bearer \xe2\x82\xac\xc3\xa9'), { status: [401] }],
    [
      'Authorization twice, the wrong one first',
      {
        target: '/v1/reservations',
        headers: [
          ['Authorization', 'Bearer x'],
          ['Authorization', `Bearer ${key}`],
        ],
      },
      { status: [401] },
    ],
    ...[
      'short',
      'x'.repeat(129),
      'a:b-cdefgh',
      '"unfinished',
      '""',
      '\xe2\x82\xac'.repeat(4),
      '\xff'.repeat(10),
      'tab\tinside-it',
      '../../etc/passwd',
    ].map((value) => [`Idempotency-Key: ${value.slice(0, 12)}`, withKey(value), { status: [400] }]),
    ['a blank Idempotency-Key', withKey('   '), { status: [400] }],
    ['Idempotency-Key twice', withHeader('Idempotency-Key', randomUUID()), { status: [400] }],
    ['an expectation that is met', withHeader('Expect', '100-continue')],
    ['an expectation that nobody knows', withHeader('Expect', 'miracles')],
    ['an upgrade to WebSocket', withHeader('Upgrade', 'websocket')],
    ['an upgrade to HTTP/2', withHeader('Upgrade', 'h2c')],
    ...[
      'text/plain',
      'application/json, text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      '',
      ';',
      '\xff',
    ].map((value) => [
      `Content-Type: ${value}`,
      request({ headers: headers({ 'Content-Type': value }) }),
      { status: [415] },
    ]),
    [
      'a Content-Type of 10 kB',
      request({ headers: headers({ 'Content-Type': `application/json; ${'x'.repeat(10_000)}` }) }),
    ],
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
    [
      'a hostile forwarder',
      seatsWith('X-Forwarded-For', `${'::,'.repeat(3_000)}\xff`),
      { status: [200] },
    ],
    [
      'a method override',
      { target: '/v1/events', headers: [['X-HTTP-Method-Override', 'DELETE']] },
      { status: [200] },
    ],
  ];
}

/** Framing: how long the body is, and whether this is HTTP at all. Bytes as they go over the wire. */
export function framingCases({ hold }) {
  const { headers, body, request } = hold;
  const framed = (name, value, content = body) =>
    request({ headers: [...headers(), [name, value]], body: content });
  const chunked = (content) => framed('Transfer-Encoding', 'chunked', content);
  const bytes = (text) => ({ method: 'GET', target: '/', raw: Buffer.from(text, 'latin1') });
  return [
    ...['-1', 'abc', '1e3', '0x10', '+5', '9'.repeat(30), '', '5, 5', '5 5'].map((value) => [
      `Content-Length: ${value}`,
      framed('Content-Length', value),
      REFUSED,
    ]),
    [
      'two lengths',
      request({ headers: [...headers(), ['Content-Length', '5'], ['Content-Length', '6']] }),
      { status: [400] },
    ],
    [
      'a length and chunks',
      request({
        headers: [...headers(), ['Content-Length', '5'], ['Transfer-Encoding', 'chunked']],
      }),
      { status: [400] },
    ],
    ['a body that ends early', framed('Content-Length', '1000'), { ...REFUSED, halfClose: true }],
    ['a body longer than told', framed('Content-Length', '10'), { status: [400] }],
    ['no body at all', request({ body: '' }), { status: [400] }],
    ...[
      'gzip',
      'gzip, chunked',
      'chunked, gzip',
      'chunked, chunked',
      'xchunked',
      'identity',
      '\x0bchunked',
    ].map((value) => [
      `Transfer-Encoding: ${value}`,
      framed('Transfer-Encoding', value, '0\r\n\r\n'),
      REFUSED,
    ]),
    ['chunks of rubbish', chunked('hello\r\nworld\r\n0\r\n\r\n'), { status: [400] }],
    ['a chunk of a negative size', chunked('-5\r\nhello\r\n0\r\n\r\n'), { status: [400] }],
    ['a chunk of an impossible size', chunked(`${'f'.repeat(40)}\r\nhello`), { status: [400] }],
    [
      'a chunk with an extension of 20 kB',
      chunked(`5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
      REFUSED,
    ],
    ['chunks that end early', chunked('ff\r\nhello'), { ...REFUSED, halfClose: true }],
    [
      'a trailer',
      chunked(`${body.length.toString(16)}\r\n${body}\r\n0\r\nIdempotency-Key: other-key\r\n\r\n`),
      { status: [201, 409] },
    ],
    ['another protocol', bytes('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), { status: [400] }],
    ['HTTP/2', bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), { status: [400] }],
    ['HTTP/3.7', bytes('GET / HTTP/3.7\r\nHost: x\r\n\r\n'), { status: [400] }],
    [
      'a method in small letters',
      bytes('get /livez HTTP/1.1\r\nHost: x\r\n\r\n'),
      { status: [400] },
    ],
    [
      'a path with a blank',
      bytes('GET /v1/ events HTTP/1.1\r\nHost: x\r\n\r\n'),
      { status: [400] },
    ],
    // Node answers this one itself, without a body.
    ['no Host', bytes('GET /livez HTTP/1.1\r\n\r\n'), { status: [400], bare: true }],
    [
      'two requests in one, the second broken',
      bytes('GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\n'),
      { status: [400, 404] },
    ],
    [
      'a whole address as target',
      bytes('GET http://evil.example/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    ],
    ['a target that is none', bytes('GET ?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')],
  ];
}
