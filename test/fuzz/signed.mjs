// Webhooks with a valid signature and a useless body: refused or ignored, never a 5xx.
import { Buffer } from 'node:buffer';
import { createHmac, randomUUID } from 'node:crypto';

const RUBBISH = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    'x'.repeat(50_000),
    '\ud800',
    "' or 1=1 --",
    '__proto__',
    '../..',
    'a:b:c',
    '\u{1f600}'.repeat(600),
  ],
  ...[0, -1, 1.5, 2 ** 53, 1e30, -0, null, true, [], {}, [[]], { id: {} }, { toString: 1 }],
];
const RAW = [
  ...[
    '',
    'null',
    '[]',
    '1',
    '"text"',
    '{',
    '{}{}',
    '\0',
    '1e400',
    '{"type":1e400}',
    '{"type":"payment.succeeded","data":{"amount":1e400}}',
  ],
  ...[
    '{"__proto__":{"type":"payment.succeeded"}}',
    '{"type":"payment.succeeded","type":"payment.failed"}',
    '['.repeat(49_000),
  ],
  ...[
    `${'{"type":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
    `{"type":"payment.succeeded","data":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
  ],
  ...[
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.from('\ufeff{}'),
    Buffer.alloc(100_001, ' '),
  ],
];

/** Every place in a value, as the list of its keys. */
function placesIn(value, path = []) {
  if (value === null || typeof value !== 'object') return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, member]) => placesIn(member, [...path, key])),
  ];
}

/** The value with another one at a place or, for `undefined`, with nothing there. */
function replaced(value, [key, ...rest], by) {
  if (key === undefined) return by;
  return { ...value, [key]: replaced(value[key], rest, by) };
}

function spoilt(makeValid) {
  return placesIn(makeValid())
    .filter((path) => path.length > 0)
    .flatMap((path) =>
      [undefined, ...RUBBISH].map((by) => JSON.stringify(replaced(makeValid(), path, by))),
    );
}

const standardEvents = (reservation) =>
  ['payment.succeeded', 'payment.failed'].map((type) => () => ({
    type,
    data: { reservation, reference: `pay-${randomUUID()}`, amount: 4500, currency: 'EUR' },
  }));

function stripeEvents(reservation) {
  const event = (type, object) => () => ({
    id: `evt_${randomUUID()}`,
    type,
    data: { object: object() },
  });
  const metadata = { reservation_id: reservation };
  const intent = () => ({
    id: `pi_${randomUUID()}`,
    amount: 4500,
    amount_received: 4500,
    currency: 'eur',
    metadata,
  });
  const session = () => ({
    ...{ id: `cs_${randomUUID()}`, payment_status: 'paid', payment_intent: `pi_${randomUUID()}` },
    ...{ amount_total: 4500, currency: 'eur', metadata },
  });
  return [
    event('payment_intent.succeeded', intent),
    event('payment_intent.payment_failed', intent),
    event('checkout.session.completed', session),
  ];
}

function signStandard(bytes, secret) {
  const [id, now] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key)
    .update(`${id}.${now}.`)
    .update(bytes)
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': now, 'webhook-signature': `v1,${signature}` };
}

/** Stripe signs text: bytes of no text count as the signs that stand for them. */
function signStripe(bytes, secret) {
  const now = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret)
    .update(`${now}.${bytes.toString('utf8')}`)
    .digest('hex');
  return { 'stripe-signature': `t=${now},v1=${signature}` };
}

/** @returns requests to both webhooks, each signed when its headers are read */
export function signedCases({ secrets, reservations }) {
  // Of each status one: what is told of a payment is handled differently.
  const [known] = reservations;
  const cases = (path, events, sign) =>
    [...events.flatMap(spoilt), ...RAW].map((content) => {
      const body = Buffer.from(content);
      const name = `signed, to ${path}: ${body.subarray(0, 160).toString('latin1')}`;
      return {
        name,
        path,
        body,
        headers: () => ({ 'content-type': 'application/json', ...sign(body) }),
      };
    });
  return [
    ...cases('/v1/webhooks/standard', standardEvents(known), (body) =>
      signStandard(body, secrets.standard),
    ),
    ...cases('/v1/webhooks/stripe', stripeEvents(known), (body) =>
      signStripe(body, secrets.stripe),
    ),
  ];
}
