import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from '../../src/db/database';
import { readLockWaits } from '../../src/db/lock-waits';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

type Body = Record<string, unknown> & { errors: { path: string; message: string }[] };
const SOLD_ELSEWHERE = { code: 'circle', name: 'Circle', price: 2000 };
const STALLS = { code: 'stalls', name: 'Stalls', price: 4500 };
const HALL = {
  categories: [STALLS, SOLD_ELSEWHERE],
  sections: [
    { name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 10 }] },
    { name: 'Circle', category: 'circle', rows: [{ name: 'B', seats: 4 }] },
  ],
};
const get = (event: string) => api.call<Body>('GET', `/v1/events/${event}`);
const etagOf = async (event: string) => (await get(event)).headers.get('etag')!;
const patch = async (event: string, body: unknown, ifMatch?: string | null) =>
  api.call<Body>('PATCH', `/v1/events/${event}`, {
    key: system.info.keys.operator,
    body,
    headers: ifMatch === null ? {} : { 'if-match': ifMatch ?? (await etagOf(event)) },
  });
const hold = (event: string, seats: unknown[], more: Record<string, unknown> = {}) =>
  api.call<Reservation & Body>('POST', '/v1/reservations', {
    body: {
      event,
      seats,
      buyer: { name: 'Ada Lovelace', email: `${randomUUID()}@example.org` },
      ...more,
    },
    headers: { 'idempotency-key': randomUUID() },
  });
const HISTORY = sql<{ type: string; actor: string; data: { changed?: string[] } }>(
  'test_history_of_event',
  `select type, actor, data from history where event_id = event_id_of($1) order by id`,
);

describe('PATCH of an event', () => {
  it('needs the ETag of what was read, and refuses an old one', async () => {
    const event = await api.event(HALL);
    const first = await etagOf(event);
    expect(refusal(await patch(event, { name: 'Faust' }, null))).toEqual([
      428,
      'precondition_required',
    ]);
    expect((await patch(event, { name: 'Faust' }, first)).status).toBe(200);
    expect(refusal(await patch(event, { name: 'Othello' }, first))).toEqual([
      412,
      'precondition_failed',
    ]);
    const { body, headers } = await get(event);
    expect(body.name).toBe('Faust');
    expect(headers.get('etag')).not.toBe(first);
  });

  it('is a merge patch: what is absent stays, null clears; the history names what changed', async () => {
    const event = await api.event({ ...HALL, venue: 'Theatre', maxSeatsPerReservation: 4 });
    const answer = await patch(event, {
      venue: null,
      maxSeatsPerReservation: null,
      name: 'Hamlet',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ venue: null, maxSeatsPerReservation: 10, revision: 2 });
    const history = await system.db.rows(HISTORY, [event]);
    expect(history.at(-1)).toMatchObject({
      type: 'event.changed',
      actor: expect.stringMatching(/^operator:/) as string,
    });
    expect(history.at(-1)!.data).toEqual({ changed: ['venue', 'maxSeatsPerReservation'] });
  });

  it('merges what is in tax and focal point too', async () => {
    const event = await api.event({
      ...HALL,
      tax: { percent: '21', included: true },
      focalPoint: { x: 3, y: 4 },
    });
    expect(
      (await patch(event, { tax: { included: false }, focalPoint: { x: 5 } })).body,
    ).toMatchObject({
      tax: { percent: '21', included: false },
      focalPoint: { x: 5, y: 4 },
    });
    expect((await patch(event, { tax: null })).body).toMatchObject({ tax: null });
    expect(refusal(await patch(event, { tax: { included: false } }))).toEqual([
      422,
      'validation_failed',
    ]);
  });

  it('that changes nothing leaves the revision', async () => {
    const event = await api.event(HALL);
    const before = await etagOf(event);
    const { body } = await get(event);
    const same = await patch(event, { name: body.name, categories: HALL.categories });
    expect(same.status).toBe(200);
    expect(same.headers.get('etag')).toBe(before);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another slug', { slug: 'other' }, 'slug'],
    ['another currency', { currency: 'USD' }, 'currency'],
    ['another label', { seats: { 'A-1': { active: true, label: 'A-2' } } }, 'seats.A-1.label'],
    ['no name', { name: null }, 'name'],
    ['no start', { startsAt: null }, 'startsAt'],
    ['no categories', { categories: null }, 'categories'],
    ['an unknown seat', { seats: { 'Z-9': { active: false } } }, 'seats.Z-9'],
    ['seats by section', { sections: [] }, 'sections'],
    [
      'a sale that closes before it opens',
      { salesOpenAt: '2030-02-01T00:00:00Z', salesCloseAt: '2030-01-01T00:00:00Z' },
      'salesCloseAt',
    ],
    ['a mail about nothing', { name: 'Faust', notify: true }, 'notify'],
    [
      'a first price type that is not sold',
      { priceTypes: [{ code: 'a', name: 'A', active: false }] },
      'priceTypes.0',
    ],
  ])('refuses %s, names it, and does nothing', async (_what, body, path) => {
    const event = await api.event(HALL);
    const before = await get(event);
    const answer = await patch(event, { ...body, maxSeatsPerBuyer: 3 });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(answer.body.errors.map((error) => error.path)).toContain(path);
    expect((await get(event)).body).toEqual(before.body);
  });

  it('refuses a label that no seat can have', async () => {
    const event = await api.event(HALL);
    const answer = await patch(event, { seats: { 'A-1\u0000': { active: false } } });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
  });

  it('is for operators', async () => {
    const event = await api.event(HALL);
    const answer = await api.call('PATCH', `/v1/events/${event}`, {
      body: { name: 'Mine' },
      headers: { 'if-match': '*' },
    });
    expect(refusal(answer)).toEqual([403, 'forbidden']);
  });

  it('of a price binds holds that begin afterwards, and changes the ETag of the map', async () => {
    const event = await api.event(HALL);
    const before = await hold(event, ['A-1']);
    const map = await api.call('GET', `/v1/events/${event}/seats`);
    const etag = map.headers.get('etag')!;
    expect(
      (await patch(event, { categories: [{ ...STALLS, price: 5000 }, SOLD_ELSEWHERE] })).status,
    ).toBe(200);
    const again = await api.call('GET', `/v1/events/${event}/seats`, {
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(200);
    expect((await api.seats(event))[0]!.price.amount).toBe(5000);
    const after = await hold(event, ['A-2']);
    expect([before, after].map(({ body }) => body.total.amount)).toEqual([4500, 5000]);
    const kept = await api.call<Reservation>('GET', `/v1/reservations/${before.body.id}`);
    expect(kept.body.total.amount).toBe(4500);
  });

  it('pauses the sale for new holds, by name and by choice, and goes on again', async () => {
    const event = await api.event(HALL);
    const held = await hold(event, ['A-1']);
    expect((await patch(event, { salesPaused: true })).body.salesPaused).toBe(true);
    expect(refusal(await hold(event, ['A-2']))).toEqual([403, 'sale_paused']);
    expect(refusal(await hold(event, ['A-1']))).toEqual([403, 'sale_paused']);
    const best = await api.call('POST', '/v1/reservations', {
      body: { event, bestAvailable: { category: 'stalls', quantity: 2 } },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(refusal(best)).toEqual([403, 'sale_paused']);
    expect((await api.call('POST', `/v1/reservations/${held.body.id}/extend`)).status).toBe(200);
    await patch(event, { salesPaused: null });
    expect((await hold(event, ['A-2'])).status).toBe(201);
  });

  it('hides a category that is left out, and one seat: unsold ones are blocked, a held one stays', async () => {
    const event = await api.event(HALL);
    const held = await hold(event, ['B-1']);
    const answer = await patch(event, {
      categories: [STALLS],
      seats: { 'A-3': { active: false } },
    });
    expect(answer.body.categories).toMatchObject([
      { code: 'stalls', active: true },
      { code: 'circle', active: false },
    ]);
    const status = new Map(
      (await api.seats(event)).map((seat) => [seat.label, [seat.status, seat.active]]),
    );
    expect(status.get('B-1')).toEqual(['held', false]);
    expect(status.get('B-2')).toEqual(['blocked', false]);
    expect(status.get('A-3')).toEqual(['blocked', false]);
    expect(status.get('A-1')).toEqual(['available', true]);
    expect(refusal(await hold(event, ['B-2']))).toEqual([409, 'seats_unavailable']);
    expect(refusal(await hold(event, ['A-3', 'A-4']))).toEqual([409, 'seats_unavailable']);
    expect((await api.confirm(held.body)).status).toBe(200);
    await patch(event, { categories: HALL.categories, seats: { 'A-3': { active: true } } });
    expect((await hold(event, ['B-2', 'A-3'])).status).toBe(201);
  });

  it('drops a category that has no seats', async () => {
    const event = await api.event({
      ...HALL,
      categories: [...HALL.categories, { code: 'box', name: 'Box', price: 1 }],
    });
    const { body } = await patch(event, { categories: HALL.categories });
    expect((body.categories as { code: string }[]).map(({ code }) => code)).toEqual([
      'stalls',
      'circle',
    ]);
  });

  it('takes price types, fees and tax, and still knows a type that is no longer sold', async () => {
    const event = await api.event(HALL);
    const types = [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ];
    await patch(event, {
      priceTypes: types,
      categories: [{ ...STALLS, prices: { child: 2500 } }, SOLD_ELSEWHERE],
      fees: [{ code: 'booking', name: 'Booking', per: 'ticket', amount: 150 }],
    });
    const child = await hold(event, [{ label: 'A-1', priceType: 'child' }]);
    expect(child.body.total.amount).toBe(2650);
    const { body } = await patch(event, { priceTypes: [types[0]], fees: null });
    expect(body.priceTypes).toEqual([
      { code: 'adult', name: 'Adult', active: true },
      { code: 'child', name: 'Child', active: false },
      { code: 'standard', name: 'Standard', active: false },
    ]);
    expect(refusal(await hold(event, [{ label: 'A-2', priceType: 'child' }]))).toEqual([
      422,
      'validation_failed',
    ]);
    expect((await hold(event, ['A-2'])).body.total.amount).toBe(4500);
    const kept = await api.call<Reservation>('GET', `/v1/reservations/${child.body.id}`);
    expect(kept.body.total.amount).toBe(2650);
  });

  it('keeps the refund terms of what was held before', async () => {
    const terms = sql<{ terms: unknown }>(
      'test_terms_at',
      'select refund_terms_at(event_id_of($1), $2) as terms',
    );
    const event = await api.event({
      ...HALL,
      refundTerms: [{ untilSecondsBeforeStart: 0, percent: '50' }],
    });
    const held = await hold(event, ['A-1']);
    const then = held.body.createdAt;
    await patch(event, { refundTerms: null });
    await patch(event, { refundTerms: [{ untilSecondsBeforeStart: 0, percent: '10' }] });
    const at = async (time: string) => (await system.db.rows(terms, [event, time]))[0]!.terms;
    expect(await at(then)).toEqual([{ untilSecondsBeforeStart: 0, percent: '50' }]);
    expect(await at('2999-01-01T00:00:00Z')).toEqual([
      { untilSecondsBeforeStart: 0, percent: '10' },
    ]);
  });

  it('does not move the start before the end of a hold', async () => {
    const event = await api.event({ ...HALL, holdTtlSeconds: 600 });
    const held = await hold(event, ['A-1']);
    const soon = new Date(Date.now() + 60_000).toISOString();
    const answer = await patch(event, { startsAt: soon, name: 'Early' });
    expect(refusal(answer)).toEqual([409, 'holds_outlast_start']);
    expect(answer.body.detail).toContain(held.body.expiresAt);
    expect((await get(event)).body.name).not.toBe('Early');
    await api.cancel(held.body.id);
    await eventually(async () => {
      expect((await patch(event, { startsAt: soon })).status).toBe(200);
    });
  });

  it('a hold that waits for its seats while the start is moved does not outlast it', async () => {
    const event = await api.event(HALL);
    const startsAt = new Date(Date.now() + 60_000);
    const lockSeat = sql(
      'test_lock_seat',
      `select from seats where label = 'A-1' and event_id = event_id_of($1) for update`,
    );
    let waiting: ReturnType<typeof hold>;
    await system.db.transaction(async (tx) => {
      await tx.rows(lockSeat, [event]);
      waiting = hold(event, ['A-1']);
      await eventually(async () => expect((await readLockWaits(system.db)).waiting).toBe(1));
      expect((await patch(event, { startsAt: startsAt.toISOString() })).status).toBe(200);
    });
    expect((await waiting!).status).toBe(503);
    const { status, body } = await hold(event, ['A-1']);
    expect(status).toBe(201);
    expect(Date.parse(body.expiresAt)).toBeLessThanOrEqual(startsAt.getTime());
  });

  it('of the focal point ranks the seats anew', async () => {
    const event = await api.event(HALL);
    const ranks = sql<{ label: string }>(
      'test_ranked',
      'select label from seats where event_id = event_id_of($1) order by rank, id limit 3',
    );
    await patch(event, { focalPoint: { x: 9, y: 0 } });
    expect((await system.db.rows(ranks, [event])).map(({ label }) => label)).toEqual([
      'A-10',
      'A-9',
      'A-8',
    ]);
  });
});

describe('A new time or place', () => {
  it('is mailed to each ticket holder once, with the calendar entry, also of an order of several events', async () => {
    const event = await api.event({ ...HALL, name: 'Hamlet', venue: 'Theatre' });
    const other = await api.event({ ...HALL, name: 'Gala' });
    const sold = await api.sold(event, ['A-1']);
    const both = await hold(other, [], {
      event: undefined,
      seats: undefined,
      lines: [
        { event: other, seats: ['A-1'] },
        { event, seats: ['A-2'] },
      ],
    });
    await api.confirm(both.body);
    const onlyHeld = await hold(event, ['A-3']);
    const buyers = [sold.buyer!.email, both.body.buyer!.email];
    await eventually(async () => {
      for (const buyer of buyers) expect(await mailsTo(buyer)).toHaveLength(1);
    });
    const answer = await patch(event, {
      startsAt: '2030-03-15T19:30:00Z',
      venue: 'Open air',
      notify: true,
    });
    expect(answer.status).toBe(200);
    for (const buyer of buyers) {
      const mail = await eventually(async () => {
        const mails = (await mailsTo(buyer)).filter(({ subject }) => subject?.startsWith('New '));
        expect(mails).toHaveLength(1);
        return mails[0]!;
      });
      expect(mail.subject).toBe('New time and place: Hamlet');
      expect(mail.text).toContain('Open air');
      expect(mail.text).toContain('Was at: Theatre');
      const calendar = mail.attachments.find(({ contentType }) => contentType === 'text/calendar');
      expect(calendar!.content.toString()).toMatch(/DTSTART:20300315T193000Z/);
      expect(calendar!.content.toString()).toMatch(/SEQUENCE:1/);
    }
    await delay(5000);
    for (const buyer of buyers) expect(await mailsTo(buyer)).toHaveLength(2);
    expect(await mailsTo(onlyHeld.body.buyer!.email)).toHaveLength(0);
  });
});

describe('While prices change under a crowd', () => {
  it('every hold has the prices of one revision, whole', async () => {
    const rows = [{ name: 'A', seats: 300 }];
    const event = await api.event({
      categories: [
        { code: 'a', name: 'A', price: 100 },
        { code: 'b', name: 'B', price: 100 },
      ],
      sections: [
        { name: 'L', category: 'a', rows },
        { name: 'R', category: 'b', rows },
      ],
    });
    const shown = new Set([100]);
    let isOver = false;
    const editor = (async () => {
      for (let price = 101; !isOver; price++) {
        // Odd prices have a fee, so the event is priced in one way and in the other.
        const { status } = await patch(event, {
          categories: [
            { code: 'a', name: 'A', price },
            { code: 'b', name: 'B', price },
          ],
          fees: price % 2 ? [{ code: 'f', name: 'Fee', per: 'ticket', amount: price }] : null,
        });
        expect(status).toBe(200);
        shown.add(price);
        await delay(100);
      }
    })();
    const [seats = []] = fc.sample(
      fc.shuffledSubarray(
        Array.from({ length: 300 }, (_, n) => n + 1),
        { minLength: 150 },
      ),
      1,
    );
    const held: Reservation[] = [];
    for (let start = 0; start < seats.length; start += 6) {
      const answers = await Promise.all(
        seats.slice(start, start + 6).map((n) => hold(event, [`L-A-${n}`, `R-A-${n}`])),
      );
      for (const { status, body } of answers) {
        expect(status).toBe(201);
        held.push(body);
      }
    }
    isOver = true;
    await editor;
    const prices = new Set<number>();
    for (const { seats: pair, amounts } of held) {
      const [left, right] = pair.map(({ price }) => price.amount);
      expect(right).toBe(left);
      expect(shown.has(left!)).toBe(true);
      expect(amounts.fees.amount).toBe(left! % 2 ? 2 * left! : 0);
      prices.add(left!);
    }
    expect(prices.size).toBeGreaterThan(2);
  });
});
