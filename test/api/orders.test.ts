import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Page, type Reservation } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const ada = () => ({ name: 'Ada Lovelace', email: `ada-${randomUUID()}@example.org` });
const order = (body: object, options: { id?: string; key?: string } = {}) =>
  api.call<Reservation & { event: string | null }>('POST', '/v1/reservations', {
    body,
    headers: { 'idempotency-key': options.id ?? randomUUID() },
    ...(options.key !== undefined && { key: options.key }),
  });
const ordered = async (body: object): Promise<Reservation> => {
  const answer = await order(body);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
};
const withTypes = (overrides = {}) =>
  api.event({
    priceTypes: [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ],
    categories: [
      { code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 2500 } },
      { code: 'floor', name: 'Floor', price: 2000 },
    ],
    ...overrides,
  });
const code = async (overrides: object = {}) => {
  const text = `CODE-${randomUUID().slice(0, 8)}`.toUpperCase();
  const answer = await api.call<{ code: string; revision: number; uses: object }>(
    'POST',
    '/v1/codes',
    {
      key: system.info.keys.operator,
      body: { code: text, percent: '10', ...overrides },
      headers: { 'idempotency-key': randomUUID() },
    },
  );
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body.code;
};
const patch = (path: string, body: object, key = system.info.keys.client, headers = {}) =>
  api.call<Reservation>('PATCH', path, { body, key, headers });

describe('An order of several events', () => {
  it('holds seats of all of them, is paid at once, and mails one mail with every ticket', async () => {
    const [one, two] = [await api.event(), await api.event({ name: 'Gala' })];
    const buyer = ada();
    const held = await ordered({
      lines: [
        { event: one, seats: ['A-2', 'A-1'] },
        { event: two, bestAvailable: { category: 'stalls', quantity: 2 } },
      ],
      buyer,
    });
    expect(held.event).toBeNull();
    // The best are in the middle of the row.
    expect(held.seats.map(({ event, label }) => `${event} ${label}`)).toEqual([
      `${one} A-1`,
      `${one} A-2`,
      `${two} A-5`,
      `${two} A-6`,
    ]);
    expect(held.total).toEqual(eur(18_000));
    expect(await api.seatStatus(two, 'A-5')).toBe('held');
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    const tickets = (await api.tickets(held.id)) as unknown as { event: string; seat: string }[];
    expect(tickets.map(({ event, seat }) => [event, seat])).toEqual([
      [one, 'A-1'],
      [one, 'A-2'],
      [two, 'A-5'],
      [two, 'A-6'],
    ]);
    const [mail] = await eventually(async () => {
      const mails = await mailsTo(buyer.email);
      expect(mails).toHaveLength(1);
      return mails;
    });
    expect(mail!.subject).toBe('Your tickets: Hamlet and Gala');
    expect(mail!.attachments.map(({ filename }) => filename)).toEqual([
      'tickets.pdf',
      `${one}.ics`,
      `${two}.ics`,
    ]);
  });

  it('is all or nothing: one seat gone, and no seat of the other event is held', async () => {
    const [one, two] = [await api.event(), await api.event()];
    await api.held(two, ['A-1']);
    const answer = await order({
      lines: [
        { event: one, seats: ['A-1'] },
        { event: two, seats: ['A-1', 'A-2'] },
      ],
      buyer: ada(),
    });
    expect(refusal(answer)).toEqual([409, 'seats_unavailable']);
    expect(answer.body).toMatchObject({
      seats: ['A-1'],
      unavailable: [{ event: two, label: 'A-1' }],
    });
    expect(await api.seatStatus(one, 'A-1')).toBe('available');
  });

  it('is given back whole by its end and by a cancel', async () => {
    const [one, two] = [await api.event({ holdTtlSeconds: 1 }), await api.event()];
    const lines = [
      { event: one, seats: ['A-1'] },
      { event: two, seats: ['A-1'] },
    ];
    const held = await ordered({ lines, buyer: ada() });
    expect(Date.parse(held.expiresAt) - Date.parse(held.createdAt)).toBe(1000);
    await api.until(held.id, 'expired');
    expect(await api.seatStatus(two, 'A-1')).toBe('available');
    // The late payment takes them again, all of them.
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    expect(await api.seatStatus(two, 'A-1')).toBe('sold');
    await api.cancel(held.id);
    await api.until(held.id, 'cancelled');
    expect(await api.seatStatus(one, 'A-1')).toBe('available');
    expect(await api.seatStatus(two, 'A-1')).toBe('available');
  });

  it('is in one currency, and counts the seats of each event over all its lines', async () => {
    const [euro, pound] = [
      await api.event({ maxSeatsPerReservation: 2 }),
      await api.event({ currency: 'GBP' }),
    ];
    const mixed = await order({
      lines: [
        { event: euro, seats: ['A-1'] },
        { event: pound, seats: ['A-1'] },
      ],
      buyer: ada(),
    });
    expect(refusal(mixed)).toEqual([422, 'validation_failed']);
    expect(mixed.body).toMatchObject({
      errors: [{ path: 'lines.0.event' }, { path: 'lines.1.event' }],
    });
    const lines = [
      { event: euro, seats: ['A-1'] },
      { event: euro, bestAvailable: { category: 'stalls', quantity: 2 } },
    ];
    expect(refusal(await order({ lines, buyer: ada() }))).toEqual([403, 'limit_exceeded']);
  });

  it('names a seat once, by whichever name of its event', async () => {
    const slug = await api.event();
    const { body } = await api.call<{ id: string }>('GET', `/v1/events/${slug}`);
    const answer = await order({
      lines: [slug, body.id].map((event) => ({ event, seats: ['A-1'] })),
      buyer: ada(),
    });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(await api.seatStatus(slug, 'A-1')).toBe('available');
  });

  it('says that there are too few for all its wishes together', async () => {
    const event = await api.event({
      categories: [{ code: 'stalls', name: 'Stalls', price: 100 }],
      sections: [{ name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 3 }] }],
    });
    const two = { event, bestAvailable: { category: 'stalls', quantity: 2 } };
    for (const lines of [
      [two, two],
      [{ event, seats: ['A-1', 'A-2'] }, two],
    ])
      expect(refusal(await order({ lines, buyer: ada() }))).toEqual([409, 'seats_unavailable']);
  });

  it('names the line of what is wrong, and does not use the key up', async () => {
    const event = await api.event();
    const id = randomUUID();
    const twice = {
      lines: [
        { event, seats: ['A-1'] },
        { event, seats: ['A-1'] },
      ],
      buyer: ada(),
    };
    expect((await order(twice, { id })).body).toMatchObject({
      errors: [{ path: 'lines.1.seats.0' }],
    });
    const unknown = {
      lines: [
        { event, seats: ['A-1'] },
        { event, seats: ['Z-9'] },
      ],
      buyer: ada(),
    };
    expect((await order(unknown, { id })).body).toMatchObject({
      errors: [{ path: 'lines.1.seats.0' }],
    });
    const nowhere = { lines: [{ event: 'nowhere', seats: ['A-1'] }], buyer: ada() };
    expect(refusal(await order(nowhere, { id }))).toEqual([404, 'not_found']);
    const both = { event, seats: ['A-1'], lines: [{ event, seats: ['A-2'] }], buyer: ada() };
    expect(refusal(await order(both, { id }))).toEqual([422, 'validation_failed']);
    expect((await order({ event, seats: ['A-1'], buyer: ada() }, { id })).status).toBe(201);
  });
});

describe('The price of an order', () => {
  it('follows price types, fees and tax, and stays as it was when it was held', async () => {
    const event = await withTypes({
      fees: [
        { code: 'booking', name: 'Booking fee', per: 'ticket', amount: 150, refundable: false },
        { code: 'service', name: 'Service', per: 'reservation', percent: '2.5' },
      ],
      tax: { percent: '21', included: true },
    });
    const body = { event, seats: ['A-1', { label: 'A-2', priceType: 'child' }] };
    const preview = await api.call('POST', '/v1/price-previews', { body });
    expect(preview.status).toBe(200);
    const held = await ordered({ ...body, buyer: ada() });
    expect(preview.body).toMatchObject({ seats: held.seats, fees: held.fees });
    expect(held.seats).toMatchObject([
      {
        label: 'A-1',
        priceType: 'adult',
        listPrice: eur(4500),
        discount: eur(0),
        price: eur(4500),
      },
      {
        label: 'A-2',
        priceType: 'child',
        listPrice: eur(2500),
        discount: eur(0),
        price: eur(2500),
      },
    ]);
    expect(held.fees).toEqual([
      { event, code: 'booking', amount: eur(300) },
      { event, code: 'service', amount: eur(175) },
    ]);
    expect(held.total).toEqual(eur(7475));
    expect(held.amounts).toMatchObject({
      tickets: eur(7000),
      fees: eur(475),
      tax: eur(1297),
      taxIncluded: true,
      total: eur(7475),
    });
    const sold = (await api.confirm(held)).body;
    expect(sold.amounts).toMatchObject({ paid: eur(7475), refunded: eur(0), retained: eur(0) });
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'has no price type %s, in a hold, a preview or a change',
    async (priceType) => {
      const fees = [{ code: 'booking', name: 'Booking fee', per: 'ticket', amount: 150 }];
      for (const more of [{ fees }, { fees, tax: { percent: '21', included: true } }]) {
        const event = await withTypes(more);
        const seats = [{ label: 'A-1', priceType }];
        expect(refusal(await order({ event, seats, buyer: ada() }))).toEqual([
          422,
          'validation_failed',
        ]);
        const preview = await api.call('POST', '/v1/price-previews', { body: { event, seats } });
        expect(refusal(preview)).toEqual([422, 'validation_failed']);
        const held = await ordered({ event, seats: ['A-2'], buyer: ada() });
        for (const body of [
          { priceTypes: [{ seat: 'A-2', priceType }] },
          { take: [{ event, seats }] },
        ]) {
          const change = await api.call('POST', `/v1/reservations/${held.id}/changes`, {
            body,
            headers: { 'idempotency-key': randomUUID() },
          });
          expect(refusal(change)).toEqual([422, 'validation_failed']);
        }
      }
    },
  );

  it('knows a price type whose code every object has by itself', async () => {
    const event = await withTypes({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500, prices: { constructor: 2500 } },
        { code: 'floor', name: 'Floor', price: 2000 },
      ],
      priceTypes: [
        { code: 'adult', name: 'Adult' },
        { code: 'constructor', name: 'Builder' },
      ],
    });
    const seats = [{ label: 'A-1', priceType: 'constructor' }];
    expect((await ordered({ event, seats, buyer: ada() })).total).toEqual(eur(2500));
    const wish = { quantity: 1, category: 'stalls', priceTypes: { adult: 1 } };
    const best = await ordered({ event, bestAvailable: wish, buyer: ada() });
    expect(best.seats).toHaveLength(1);
  });

  it('assigns price types to the best seats, which must add up', async () => {
    const event = await withTypes();
    const best = { category: 'stalls', quantity: 3, priceTypes: { child: 2, adult: 1 } };
    const held = await ordered({ event, bestAvailable: best, buyer: ada() });
    expect(held.seats.map(({ label, priceType }) => [label, priceType])).toEqual([
      ['A-4', 'adult'],
      ['A-5', 'child'],
      ['A-6', 'child'],
    ]);
    const wrong = { ...best, quantity: 4 };
    expect(refusal(await order({ event, bestAvailable: wrong, buyer: ada() }))).toEqual([
      422,
      'validation_failed',
    ]);
    const unknown = await order({
      event,
      seats: [{ label: 'A-9', priceType: 'senior' }],
      buyer: ada(),
    });
    expect(unknown.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'seats.0.priceType' }],
    });
    const notSold = await order({
      event,
      seats: [{ label: 'Floor-1', priceType: 'child' }],
      buyer: ada(),
    });
    expect(refusal(notSold)).toEqual([422, 'validation_failed']);
  });

  it('is shown beforehand for the body of a hold', async () => {
    const event = await withTypes();
    const preview = await api.call<Reservation>('POST', '/v1/price-previews', {
      body: { event, seats: ['A-1'], holdSeconds: 60, reference: '4711', metadata: { a: 'b' } },
    });
    expect([preview.status, preview.body.amounts.total]).toEqual([200, eur(4500)]);
  });

  it('of an order that costs nothing is confirmed with an empty body, once it has a buyer', async () => {
    const event = await api.event({
      categories: [
        { code: 'stalls', name: 'Stalls', price: 0 },
        { code: 'floor', name: 'Floor', price: 0 },
      ],
    });
    expect(refusal(await order({ event, seats: ['A-1'] }))).toEqual([422, 'buyer_required']);
    const held = await ordered({ event, seats: ['A-1'], buyer: ada() });
    const sold = await api.ask(`/v1/reservations/${held.id}/confirm`, { body: {} });
    expect([sold.status, sold.body.status]).toEqual([200, 'confirmed']);
    const paid = await api.held(await api.event(), ['A-1']);
    const unpaid = await api.call('POST', `/v1/reservations/${paid.id}/confirm`, { body: {} });
    expect(unpaid.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'payment' }] });
  });
});

describe('A promo code', () => {
  it('takes its percentage off, in any case of letters, and comes back with its hold', async () => {
    const event = await api.event();
    const summer = await code({ maxUses: 1 });
    const held = await ordered({ event, seats: ['A-1'], code: summer.toLowerCase(), buyer: ada() });
    expect(held).toMatchObject({ code: summer, total: eur(4050), amounts: { discount: eur(450) } });
    expect(refusal(await order({ event, seats: ['A-2'], code: summer, buyer: ada() }))).toEqual([
      409,
      'code_used_up',
    ]);
    await api.cancel(held.id);
    expect((await ordered({ event, seats: ['A-2'], code: summer, buyer: ada() })).total).toEqual(
      eur(4050),
    );
  });

  it('shares an amount over the seats that it covers', async () => {
    const [one, two] = [await api.event(), await api.event()];
    const off = await code({
      percent: null,
      amount: 1000,
      currency: 'EUR',
      event: two,
      categories: ['stalls'],
    });
    const held = await ordered({
      lines: [
        { event: one, seats: ['A-1'] },
        { event: two, seats: ['A-1', 'A-2', 'Floor-1'] },
      ],
      code: off,
      buyer: ada(),
    });
    expect(held.seats.map(({ discount }) => discount!.amount)).toEqual([0, 500, 500, 0]);
    expect(held.total).toEqual(eur(14_500));
  });

  it('that is unknown, early, late or foreign is one and the same', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const wrong = [
      'NO-SUCH-CODE',
      await code({ validFrom: '2031-01-01T00:00:00Z' }),
      await code({ validUntil: '2020-01-01T00:00:00Z' }),
      await code({ event: other }),
      await code({ categories: ['balcony'] }),
    ];
    for (const text of wrong) {
      const body = { event, seats: ['A-1'], code: text };
      expect(refusal(await api.call('POST', '/v1/price-previews', { body }))).toEqual([
        422,
        'code_invalid',
      ]);
    }
    const answers = [];
    for (const text of wrong)
      answers.push(await order({ event, seats: ['A-1'], code: text, buyer: ada() }));
    expect(answers.map(refusal)).toEqual(wrong.map(() => [422, 'code_invalid']));
    expect(
      new Set(answers.map(({ body }) => (body as unknown as { detail: string }).detail)).size,
    ).toBe(1);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('opens the sale before its time for who has it', async () => {
    const event = await api.event({ salesOpenAt: '2029-01-01T00:00:00Z' });
    const presale = await code({ percent: null, salesOpenAt: '2020-01-01T00:00:00Z', event });
    expect(refusal(await order({ event, seats: ['A-1'], buyer: ada() }))).toEqual([
      403,
      'sale_not_open',
    ]);
    expect((await order({ event, seats: ['A-1'], code: presale, buyer: ada() })).status).toBe(201);
  });

  it('opens the sale of its categories alone, also for a change', async () => {
    const event = await api.event({ salesOpenAt: '2029-01-01T00:00:00Z' });
    const presale = await code({
      percent: null,
      salesOpenAt: '2020-01-01T00:00:00Z',
      categories: ['floor'],
    });
    const wish = { event, code: presale, buyer: ada() };
    const mixed = await order({ ...wish, seats: ['Floor-1', 'A-1'] });
    expect(refusal(mixed)).toEqual([403, 'sale_not_open']);
    const held = await ordered({ ...wish, seats: ['Floor-1'] });
    const change = (label: string) =>
      api.call('POST', `/v1/reservations/${held.id}/changes`, {
        body: { take: [{ event, seats: [label] }] },
        headers: { 'idempotency-key': randomUUID() },
      });
    expect(refusal(await change('A-1'))).toEqual([403, 'sale_not_open']);
    expect((await change('Floor-2')).status).toBe(201);
  });

  it('that came back to a late payer is taken again, and money for one that is gone goes back', async () => {
    const event = await api.event({ holdTtlSeconds: 1 });
    const single = await code({ maxUses: 1 });
    const late = await ordered({ event, seats: ['A-1'], code: single, buyer: ada() });
    await api.until(late.id, 'expired');
    const other = await api.event();
    const taken = await ordered({ event: other, seats: ['A-1'], code: single, buyer: ada() });
    await api.pay(late);
    await eventually(async () => {
      expect((await api.get(late.id)).body.refunds).toMatchObject([
        { reason: 'expired', status: 'succeeded' },
      ]);
    });
    expect((await api.confirm(taken)).status).toBe(200);
  });

  it.each(['ß'.repeat(33), 'ﬃ'.repeat(22), 'x'.repeat(65)])(
    'has at most 64 characters in upper case: %s',
    async (text) => {
      const answer = await api.call('POST', '/v1/codes', {
        key: system.info.keys.operator,
        body: { code: text, percent: '10' },
        headers: { 'idempotency-key': randomUUID() },
      });
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
    },
  );

  it.each(['%00', '%F0%9F%8E%AD', 'a%20b', 'x'.repeat(200)])('is not found as %s', async (name) => {
    const answer = await api.call('GET', `/v1/codes/${name}`, { key: system.info.keys.operator });
    expect(refusal(answer)).toEqual([404, 'not_found']);
  });

  it('is changed by who has read it, and never below what is in use', async () => {
    const key = system.info.keys.operator;
    const event = await api.event();
    const text = await code({ maxUses: 5 });
    await ordered({ event, seats: ['A-1'], code: text, buyer: ada() });
    await ordered({ event, seats: ['A-2'], code: text, buyer: ada() });
    const path = `/v1/codes/${text}`;
    expect(refusal(await patch(path, { maxUses: 9 }, key))).toEqual([428, 'precondition_required']);
    const etag = (await api.call('GET', path, { key })).headers.get('etag')!;
    expect(refusal(await patch(path, { maxUses: 1 }, key, { 'if-match': etag }))).toEqual([
      409,
      'code_in_use',
    ]);
    const changed = await patch(path, { maxUses: 2, percent: '50' }, key, { 'if-match': etag });
    expect(changed.body).toMatchObject({ maxUses: 2, percent: '50', uses: { held: 2, used: 0 } });
    expect(refusal(await patch(path, { maxUses: 9 }, key, { 'if-match': etag }))).toEqual([
      412,
      'precondition_failed',
    ]);
    expect(refusal(await order({ event, seats: ['A-3'], code: text, buyer: ada() }))).toEqual([
      409,
      'code_used_up',
    ]);
  });
});

describe('A limit by buyer', () => {
  it('counts what is held and sold, over all reservations, and needs to know the buyer', async () => {
    const event = await api.event({ maxSeatsPerBuyer: 3 });
    const buyer = ada();
    expect(refusal(await order({ event, seats: ['A-1'] }))).toEqual([422, 'buyer_required']);
    await api.confirm(await ordered({ event, seats: ['A-1', 'A-2'], buyer }));
    expect(refusal(await order({ event, seats: ['A-3', 'A-4'], buyer }))).toEqual([
      403,
      'limit_exceeded',
    ]);
    expect((await order({ event, seats: ['A-3'], buyer })).status).toBe(201);
  });

  it('of a code counts its reservations', async () => {
    const event = await api.event();
    const once = await code({ maxUsesPerBuyer: 1 });
    const buyer = ada();
    await ordered({ event, seats: ['A-1'], code: once, buyer });
    expect(refusal(await order({ event, seats: ['A-2'], code: once, buyer }))).toEqual([
      403,
      'limit_exceeded',
    ]);
    expect((await order({ event, seats: ['A-2'], code: once, buyer: ada() })).status).toBe(201);
  });
});

describe('A buyer who is named later', () => {
  it('is needed to confirm, and is named by the client while it holds', async () => {
    const held = await ordered({ event: await api.event(), seats: ['A-1'] });
    expect(held.buyer).toBeNull();
    expect(refusal(await api.confirm(held))).toEqual([422, 'buyer_required']);
    const path = `/v1/reservations/${held.id}`;
    expect(refusal(await patch(path, { buyer: { name: 'Ada' } }))).toEqual([
      422,
      'validation_failed',
    ]);
    const named = await patch(path, {
      buyer: ada(),
      reference: '4711',
      metadata: { channel: 'phone', till: '3' },
    });
    expect(named.body).toMatchObject({
      reference: '4711',
      metadata: { channel: 'phone', till: '3' },
      revision: 2,
    });
    const words = await patch(path, { reference: null, metadata: { till: null } });
    expect(words.body).toMatchObject({
      reference: null,
      metadata: { channel: 'phone' },
      revision: 2,
    });
    expect((await api.confirm(held)).status).toBe(200);
    expect(refusal(await patch(path, { buyer: ada() }))).toEqual([409, 'reservation_confirmed']);
  });

  it('of a reservation that a webhook confirmed gets the mail once there is one', async () => {
    const held = await ordered({ event: await api.event(), seats: ['A-1'] });
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    expect(await api.tickets(held.id)).toMatchObject([{ holder: '' }]);
    // However often they are asked for meanwhile, one mail goes.
    const resend = () => api.call('POST', `/v1/reservations/${held.id}/resend`);
    await eventually(async () => expect((await resend()).status).toBe(202));
    for (let times = 0; times < 3; times++) expect((await resend()).status).toBe(202);
    const mails = sql<{ count: number }>(
      'test_mails_of',
      'select count(*) as count from mails where reservation_id = $1',
    );
    expect(await system.db.rows(mails, [held.id])).toEqual([{ count: 1 }]);
    // As the release before ordered one.
    const older = sql(
      'test_older_resend',
      `insert into mails (reservation_id, kind, sequence, message_id) values ($1, 'tickets', 1, $1 || '-older')`,
    );
    await system.db.run(older, [held.id]);
    const buyer = ada();
    expect((await patch(`/v1/reservations/${held.id}`, { buyer })).status).toBe(200);
    await eventually(async () => {
      expect(await mailsTo(buyer.email)).toHaveLength(1);
    });
    expect(await api.tickets(held.id)).toMatchObject([{ holder: 'Ada Lovelace' }]);
    const undelivered = await api.call<Page<{ reservation: string }>>(
      'GET',
      '/v1/mails/undelivered?limit=200',
      { key: system.info.keys.operator },
    );
    expect(undelivered.body.data.map(({ reservation }) => reservation)).not.toContain(held.id);
  });

  it('is corrected by an operator after the sale: the same codes, printed and mailed anew', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const before = await api.tickets(sold.id);
    const key = system.info.keys.operator;
    await eventually(async () => {
      expect((await api.history(sold.id)).map(({ type }) => type)).toContain('tickets.mailed');
    });
    const buyer = { name: 'Grace Hopper', email: ada().email };
    expect((await patch(`/v1/reservations/${sold.id}`, { buyer }, key)).body).toMatchObject({
      buyer,
      revision: 2,
    });
    const [mail] = await eventually(async () => {
      const mails = await mailsTo(buyer.email);
      expect(mails).toHaveLength(1);
      return mails;
    });
    expect(mail!.text).toContain('Grace Hopper');
    const after = await api.tickets(sold.id);
    expect(after.map((one) => one.code)).toEqual(before.map((one) => one.code));
    expect(after).toMatchObject([{ holder: 'Grace Hopper' }]);
  });

  it('is held to the limits that count by buyer', async () => {
    const event = await api.event({ maxSeatsPerBuyer: 1 });
    const buyer = ada();
    await ordered({ event, seats: ['A-1'], buyer });
    const other = await ordered({ event, seats: ['A-2'], buyer: ada() });
    const path = `/v1/reservations/${other.id}`;
    expect(refusal(await patch(path, { buyer }))).toEqual([403, 'limit_exceeded']);
    expect((await api.get(other.id)).body.buyer).not.toEqual(buyer);
  });
});

describe('A hold that asks for more time', () => {
  it('gets less than the TTL from anyone, more with an operator’s key, at most the cap', async () => {
    const event = await api.event({ holdTtlSeconds: 60, holdCapSeconds: 120 });
    const length = ({ createdAt, expiresAt }: Reservation) =>
      Date.parse(expiresAt) - Date.parse(createdAt);
    expect(length(await ordered({ event, seats: ['A-1'], holdSeconds: 30, buyer: ada() }))).toBe(
      30_000,
    );
    expect(refusal(await order({ event, seats: ['A-2'], holdSeconds: 90, buyer: ada() }))).toEqual([
      403,
      'limit_exceeded',
    ]);
    const key = system.info.keys.operator;
    const long = await order({ event, seats: ['A-2'], holdSeconds: 90, buyer: ada() }, { key });
    expect(length(long.body)).toBe(90_000);
    const longest = await order(
      { event, seats: ['A-3'], holdSeconds: 9000, buyer: ada() },
      { key },
    );
    expect(length(longest.body)).toBe(120_000);
  });
});

describe('The list of reservations', () => {
  const found = async (query: string, key = system.info.keys.client) => {
    const answer = await api.call<{ data: Reservation[] }>('GET', `/v1/reservations?${query}`, {
      key,
    });
    expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
    return answer.body.data.map(({ id }) => id);
  };

  it('is a client’s own, and an operator’s all', async () => {
    const event = await api.event();
    const mine = await ordered({ event, seats: ['A-1'], buyer: ada() });
    const key = system.info.keys.client2;
    const other = (await order({ event, seats: ['A-2'], buyer: ada() }, { key })).body;
    expect(await found(`event=${event}`)).toEqual([mine.id]);
    expect(await found(`event=${event}`, key)).toEqual([other.id]);
    expect(await found(`event=${event}`, system.info.keys.operator)).toEqual([other.id, mine.id]);
  });

  it('finds an order by each of its events, and by what a client or a provider calls it', async () => {
    const [one, two] = [await api.event(), await api.event()];
    const buyer = ada();
    const reference = `order-${randomUUID()}`;
    const both = await ordered({
      lines: [
        { event: one, seats: ['A-1'] },
        { event: two, seats: ['A-1'] },
      ],
      reference,
      buyer,
    });
    const single = await ordered({ event: two, seats: ['A-2'], buyer });
    await api.confirm(both, `pay-${both.id}`);
    expect(await found(`event=${one}`)).toEqual([both.id]);
    expect(await found(`event=${two}`)).toEqual([single.id, both.id]);
    expect(await found(`event=${two}&status=held`)).toEqual([single.id]);
    expect(await found(`reference=${reference}`)).toEqual([both.id]);
    expect(await found(`payment=pay-${both.id}`)).toEqual([both.id]);
    expect(await found(`event=${two}&seat=A-1`)).toEqual([both.id]);
    expect(await found(`email=${encodeURIComponent(buyer.email)}`)).toEqual([single.id, both.id]);
    expect(await found(`email=${encodeURIComponent(buyer.email)}&reference=${reference}`)).toEqual([
      both.id,
    ]);
    expect(await found(`event=${two}&createdFrom=${single.createdAt}`)).toEqual([single.id]);
    expect(await found(`event=${two}&createdTo=${single.createdAt}`)).toEqual([both.id]);
    const noEvent = await api.call('GET', '/v1/reservations?seat=A-1');
    expect(refusal(noEvent)).toEqual([422, 'validation_failed']);
  });
});
