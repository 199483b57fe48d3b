// Bodies that are hardly JSON, and JSON that is hardly a request. A case: see cases-http.mjs.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';

const DEEP = 50_000;
const BODY_LIMIT = 100_000;
/** Expected of a case: any of the 4xx. */
const REFUSED = { refused: true };

export function bodyCases({ hold, key, reservation }) {
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
    ...targets.flatMap((target) =>
      everywhere.map(([what, content]) => [`${what} to ${target}`, post(target, content), REFUSED]),
    ),
    ['a byte order mark', hold.request({ body: `\ufeff${body}` }), { status: [201, 400, 409] }],
    [
      '100 kB and one byte',
      hold.request({ body: body + ' '.repeat(BODY_LIMIT + 1 - body.length) }),
      { status: [413] },
    ],
    [
      '100 kB',
      hold.request({ body: body + ' '.repeat(BODY_LIMIT - body.length) }),
      { status: [201, 409] },
    ],
    [
      '10 MB',
      hold.request({ body: Buffer.alloc(10_000_000, ' ') }),
      { status: [413], mayReset: true },
    ],
    [
      'an event of 1 MB and one byte',
      post('/v1/events', Buffer.alloc(1_000_001, ' ')),
      { status: [413], mayReset: true },
    ],
    [
      '10 MB told but not sent',
      hold.request({ headers: [...hold.headers(), ['Content-Length', '10000000']] }),
      { status: [413] },
    ],
    ['__proto__', hold.request({ body: inHold('"__proto__":{"admin":true}') }), REFUSED],
    [
      'constructor',
      hold.request({ body: inHold('"constructor":{"prototype":{"admin":true}}') }),
      REFUSED,
    ],
    [
      '__proto__ in the buyer',
      hold.request({ body: body.replace('"name"', '"__proto__":{},"name"') }),
      REFUSED,
    ],
    ['only __proto__', hold.request({ body: '{"__proto__":{}}' }), REFUSED],
    ['a key twice', hold.request({ body: inHold('"event":"nowhere"') }), { status: [404] }],
    [
      '10,000 unknown keys',
      hold.request({ body: `{${Array.from({ length: 9_000 }, (_, n) => `"k${n}":1`).join()}}` }),
      REFUSED,
    ],
    ...[
      '1e400',
      '-1e400',
      '1000000000000000000000000000000',
      '1.5',
      '-0',
      '9007199254740993',
      '"1"',
      'null',
      '[]',
      '{}',
      'true',
    ].flatMap((number) => [
      [
        `${number} seats`,
        hold.request({
          body: `{"event":"hamlet","bestAvailable":{"quantity":${number},"category":"stalls"},"buyer":{"name":"A","email":"a@example.org"}}`,
        }),
        REFUSED,
      ],
      [
        `${number} paid`,
        post(
          `/v1/reservations/${reservation}/confirm`,
          `{"payment":{"reference":"${randomUUID()}","amount":${number},"currency":"EUR"}}`,
        ),
        REFUSED,
      ],
    ]),
    ...[
      '"\\u0000"',
      '"a\\u0000b"',
      '" "',
      '""',
      '"\\n"',
      '"\\u007f"',
      '"\\ud800"',
      '"\\udc00\\ud800"',
      `"${'x'.repeat(201)}"`,
      '1',
      'null',
      '{}',
    ].map((name) => [
      `a buyer called ${name.slice(0, 12)}`,
      hold.request({ body: buyer(name) }),
      { status: [422] },
    ]),
    ...['"\\u202e\\u2066"', '"=cmd()"', '"<b>&amp;"', `"${'\u{1f600}'.repeat(200)}"`].map(
      (name) => [
        `a buyer called ${name.slice(0, 12)}`,
        hold.request({ body: buyer(name) }),
        { status: [201, 409, 422] },
      ],
    ),
    ...[
      '\\ud800@example.org',
      'a@b\\r\\nBcc: c@example.org',
      'a@example.org\\u0000',
      '"a b"@example.org',
      `${'a'.repeat(65)}@example.org`,
    ].map((email) => [
      `mail to ${email.slice(0, 12)}`,
      hold.request({ body: body.replace('ada@example.org', email.replaceAll('"', '\\"')) }),
      { status: [422] },
    ]),
    ...['\\ud800', '\\u0000', "' or 1=1 --", 'x'.repeat(2_001)].map((code) => [
      `a ticket ${code.slice(0, 12)}`,
      post('/v1/check-ins', `{"code":"${code}","event":"fuzz-long"}`),
      { status: [404, 422] },
    ]),
    [
      'a key in the body of none',
      {
        method: 'POST',
        target: `/v1/reservations/${reservation}/resend`,
        headers: [
          ['Authorization', `Bearer ${key}`],
          ['Content-Type', 'application/json'],
        ],
        body: '{"__proto__":1}',
      },
      REFUSED,
    ],
  ];
}

export function timeCases({ hold }) {
  const event = (startsAt) => ({
    ...{ slug: `t-${randomUUID()}`, name: 'Odd', startsAt, currency: 'EUR' },
    ...{
      categories: [{ code: 'a', name: 'A', price: 1 }],
      sections: [{ name: 'A', category: 'a', places: 1 }],
    },
  });
  const times = [
    '+23:59',
    '-23:59',
    '+16:00',
    '-15:59',
    `.${'1'.repeat(200)}Z`,
    '.Z',
    '+24:00',
    'z',
    '',
  ];
  const starts = [
    ...times.map((tail) => `2030-01-01T00:00:00${tail}`),
    '2030-01-01T24:00:00Z',
    '2030-02-29T00:00:00Z',
  ];
  starts.push(
    '9999-12-31T23:59:59-12:00',
    '1970-01-01T00:00:00+12:00',
    '0000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    'infinity',
    'now',
  );
  return starts.map((startsAt) => [
    `an event that starts at ${startsAt.slice(0, 32)}`,
    hold.request({ target: '/v1/events', body: JSON.stringify(event(startsAt)) }),
    { status: [201, 422] },
  ]);
}
