import { randomUUID } from 'node:crypto';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { changeCalls, type Change } from '../support/changes';
import { setHoldTtl } from '../support/hold-ttl';
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
const operator = () => system.info.keys.operator;
const { change, made, confirm, shown } = changeCalls(() => api);
const reservation = async (id: string) =>
  (await api.call<Reservation>('GET', `/v1/reservations/${id}`)).body;
const labels = ({ seats }: Pick<Reservation, 'seats'>) => seats.map(({ label }) => label);
const event = (overrides = {}) =>
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
const sold = async (slug: string, seats: string[]): Promise<Reservation> => {
  const held = await api.held(slug, seats);
  await api.pay(held);
  return api.until(held.id, 'confirmed');
};
const payFor = (held: Reservation, { id, due }: Change, reference = `pay-${randomUUID()}`) =>
  api.standard({ reservation: held.id, change: id, reference, ...due! });

describe('While a reservation is held', () => {
  it('seats are given back, taken and repriced at once, and the hold ends when it did', async () => {
    const slug = await event();
    const held = await api.held(slug, ['A-1', 'A-2']);
    const key = randomUUID();
    const body = {
      release: ['A-2'],
      take: [{ event: slug, seats: [{ label: 'B-1', priceType: 'child' }] }],
      priceTypes: [{ seat: 'A-1', priceType: 'child' }],
    };
    const first = await change(held.id, body, key);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      status: 'applied',
      due: null,
      refund: null,
      expiresAt: null,
    });
    const now = await reservation(held.id);
    expect(labels(now)).toEqual(['A-1', 'B-1']);
    expect(now.total).toEqual(eur(5000));
    expect(now.revision).toBe(2);
    expect(now.expiresAt).toBe(held.expiresAt);
    expect(await api.seatStatus(slug, 'A-2')).toBe('available');
    expect(await api.seatStatus(slug, 'B-1')).toBe('held');
    const again = await change(held.id, body, key);
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(refusal(await change(held.id, { release: ['A-1'] }, key))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    await api.pay(now);
    const confirmed = await api.until(held.id, 'confirmed');
    expect(labels(confirmed)).toEqual(['A-1', 'B-1']);
    expect((await api.tickets(held.id)).map(({ seat }) => seat)).toEqual(['A-1', 'B-1']);
  });

  it('it moves to another event, takes the best seats left, and takes a code', async () => {
    const [one, two] = [await event(), await event()];
    const held = await api.held(one, ['A-1']);
    const code = `CHANGE-${randomUUID().slice(0, 8)}`.toUpperCase();
    await api.call('POST', '/v1/codes', {
      key: operator(),
      body: { code, percent: '10', maxUses: 1 },
      headers: { 'idempotency-key': randomUUID() },
    });
    await made(held.id, {
      release: ['A-1'],
      take: [{ event: two, bestAvailable: { category: 'stalls', quantity: 2 } }],
      code,
    });
    const now = await reservation(held.id);
    expect(now.event).toBe(two);
    expect(now.seats).toHaveLength(2);
    expect(now.total).toEqual(eur(8100));
    expect(await api.seatStatus(one, 'A-1')).toBe('available');
    const uses = await api.call<{ uses: object }>('GET', `/v1/codes/${code}`, { key: operator() });
    expect(uses.body.uses).toMatchObject({ held: 1 });
  });

  it('all is judged on the result, and nothing is done by halves', async () => {
    const slug = await event({ maxSeatsPerReservation: 3 });
    const held = await api.held(slug, ['A-1', 'A-2']);
    await api.held(slug, ['A-9']);
    const take = (...seats: string[]) => ({ take: [{ event: slug, seats }] });
    const cases: [object, [number, string]][] = [
      [take('A-9'), [409, 'seats_unavailable']],
      [take('A-3', 'A-4'), [403, 'limit_exceeded']],
      [take('Z-1'), [422, 'validation_failed']],
      [take('A-1'), [422, 'validation_failed']],
      [{ release: ['A-7'] }, [422, 'validation_failed']],
      [{ release: ['A-1', 'A-2'] }, [422, 'validation_failed']],
      [{ code: 'NO-SUCH-CODE' }, [422, 'code_invalid']],
      [{}, [422, 'validation_failed']],
      [{ ...take('A-3'), release: ['A-1', 'A-7'] }, [422, 'validation_failed']],
      // A seat stands once in what is asked for.
      [{ take: [take('A-3'), take('A-3')].flatMap((one) => one.take) }, [422, 'validation_failed']],
      [{ release: ['A-1', 'A-2', 'A-1'], ...take('A-3') }, [422, 'validation_failed']],
      [
        { release: ['A-1'], priceTypes: [{ seat: 'A-1', priceType: 'child' }] },
        [422, 'validation_failed'],
      ],
    ];
    for (const [body, expected] of cases)
      expect([body, refusal(await change(held.id, body))]).toEqual([body, expected]);
    expect(labels(await reservation(held.id))).toEqual(['A-1', 'A-2']);
    expect(await api.seatStatus(slug, 'A-3')).toBe('available');
  });

  it('a change is answered again under its key, whatever is free or allowed by then', async () => {
    const slug = await event({ maxSeatsPerReservation: 3 });
    const held = await api.held(slug, ['A-1']);
    const body = {
      take: [{ event: slug, bestAvailable: { category: 'floor', quantity: 1 } }],
    };
    const key = randomUUID();
    const first = await change(held.id, body, key);
    expect(first.status).toBe(201);
    const etag = (await api.call('GET', `/v1/events/${slug}`)).headers.get('etag')!;
    await api.call('PATCH', `/v1/events/${slug}`, {
      key: operator(),
      headers: { 'if-match': etag },
      body: { maxSeatsPerReservation: 1, salesPaused: true },
    });
    await api.pay(await reservation(held.id));
    await api.until(held.id, 'confirmed');
    const again = await change(held.id, body, key);
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('a payment of an earlier total goes back', async () => {
    const slug = await event();
    const held = await api.held(slug, ['A-1', 'A-2']);
    await made(held.id, { release: ['A-2'] });
    await api.pay(held);
    await eventually(async () =>
      expect((await reservation(held.id)).refunds).toMatchObject([{ reason: 'mismatch' }]),
    );
    expect((await reservation(held.id)).status).toBe('held');
  });
});

describe('Once it is sold', () => {
  it('a swap to a dearer seat is quoted, paid by webhook, and applied with new codes', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1', 'A-1']);
    const before = await api.tickets(bought.id);
    // One that is still to be sent would carry the new tickets itself.
    await eventually(async () => expect(await mailsTo(bought.buyer!.email)).toHaveLength(1));
    const quote = await made(bought.id, {
      release: ['Floor-1'],
      take: [{ event: slug, seats: ['A-2'] }],
    });
    expect(quote).toMatchObject({ status: 'quoted', due: eur(2500), refund: null });
    expect(await api.seatStatus(slug, 'A-2')).toBe('held');
    expect(await api.seatStatus(slug, 'Floor-1')).toBe('sold');
    expect(refusal(await change(bought.id, { release: ['A-1'] }))).toEqual([409, 'change_open']);
    await payFor(bought, quote);
    await eventually(async () => expect((await shown(bought.id, quote.id)).status).toBe('applied'));
    const now = await reservation(bought.id);
    expect(labels(now)).toEqual(['A-1', 'A-2']);
    expect(now.amounts).toMatchObject({ total: eur(9000), paid: eur(9000), retained: eur(0) });
    expect(now.revision).toBe(2);
    expect(await api.seatStatus(slug, 'Floor-1')).toBe('available');
    await eventually(async () => {
      const after = await api.tickets(bought.id);
      const void1 = before.find(({ seat }) => seat === 'Floor-1')!;
      const kept = before.find(({ seat }) => seat === 'A-1')!;
      expect(after.find(({ code }) => code === void1.code)?.status).toBe('void');
      expect(after.find(({ code }) => code === kept.code)?.status).toBe('valid');
      expect(after.filter(({ status }) => status === 'valid')).toHaveLength(2);
    });
    await eventually(async () => expect(await mailsTo(bought.buyer!.email)).toHaveLength(2));
    const [first, again] = await mailsTo(bought.buyer!.email);
    expect([first!.subject, again!.subject]).toEqual([
      'Your tickets: Hamlet',
      'Your tickets again: Hamlet',
    ]);
    expect(first!.text).toMatch(/Row A · Seat 1 –[^]*Floor-1 –/);
    expect(again!.text).toContain('Here are, once more, your tickets for Hamlet.');
    expect(again!.text).toMatch(/Row A · Seat 1 –[^]*Row A · Seat 2 –/);
    expect(again!.text).not.toContain('Floor');
    expect(again!.attachments.map(({ filename }) => filename)).toContain('tickets.pdf');
    const events = await api.history(bought.id);
    const types = events.map(({ type }) => type);
    for (const type of ['change.quoted', 'change.applied', 'reservation.changed', 'ticket.voided'])
      expect(types).toContain(type);
  });

  it('the ticket of a seat given back is void because of the change, at the door and in the list', async () => {
    const slug = await event();
    const bought = await sold(slug, ['A-1', 'A-2']);
    const tickets = await api.tickets(bought.id);
    const codeOf = (label: string) => tickets.find(({ seat }) => seat === label)!.code;
    const quote = await made(bought.id, { release: ['A-1'] });
    expect((await confirm(bought.id, quote.id, {})).body.status).toBe('applied');
    const scanner = { key: system.info.keys.scanner };
    const scan = (label: string) =>
      api.call('POST', '/v1/check-ins', {
        ...scanner,
        body: { code: codeOf(label), event: slug, scanId: `scan-${label}` },
      });
    const undo = (label: string) =>
      api.call('POST', '/v1/check-ins/undo', { key: operator(), body: { code: codeOf(label) } });
    const voided = async () =>
      (await api.call<{ data: object[] }>('GET', `/v1/events/${slug}/voided-tickets`, scanner)).body
        .data;
    const ofChange = { code: 'ticket_void', why: 'changed' };
    for (const answer of [await scan('A-1'), await scan('A-1'), await undo('A-1')]) {
      expect([answer.status, answer.body]).toMatchObject([409, ofChange]);
      expect(answer.body.detail).toContain('its seat was given back by a change');
    }
    expect(await voided()).toMatchObject([{ code: codeOf('A-1'), seat: 'A-1', why: 'changed' }]);

    await api.cancel(bought.id);
    await api.until(bought.id, 'cancelled');
    expect((await scan('A-2')).body).toMatchObject({ code: 'ticket_void', why: 'cancelled' });
    expect(await voided()).toMatchObject([
      { seat: 'A-1', why: 'changed' },
      { seat: 'A-2', why: 'cancelled' },
    ]);
  });

  it('a seat given back is refunded by the terms, and only the part of fees that is refundable', async () => {
    const slug = await event({
      fees: [{ code: 'booking', name: 'Booking', per: 'ticket', amount: 150, refundable: false }],
      refundTerms: [{ untilSecondsBeforeStart: 0, percent: '50' }],
    });
    const bought = await sold(slug, ['A-1', 'A-2']);
    const quote = await made(bought.id, { release: ['A-2'] });
    expect(quote).toMatchObject({ due: null, refund: eur(2250) });
    expect((await confirm(bought.id, quote.id, {})).status).toBe(200);
    await eventually(async () =>
      expect((await reservation(bought.id)).amounts).toMatchObject({
        total: eur(4650),
        paid: eur(9300),
        refunded: eur(2250),
        retained: eur(2400),
      }),
    );
  });

  it('a quote that ran out is paid late: it is applied if it still can be, else the money goes back', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1']);
    await setHoldTtl(system.db, slug, 1);
    const first = await made(bought.id, {
      release: ['Floor-1'],
      take: [{ event: slug, seats: ['A-1'] }],
    });
    await eventually(async () => expect((await shown(bought.id, first.id)).status).toBe('expired'));
    await payFor(bought, first);
    await eventually(async () => expect((await shown(bought.id, first.id)).status).toBe('applied'));

    const second = await made(bought.id, { take: [{ event: slug, seats: ['A-5'] }] });
    await eventually(async () =>
      expect((await shown(bought.id, second.id)).status).toBe('expired'),
    );
    await eventually(async () => expect(await api.seatStatus(slug, 'A-5')).toBe('available'));
    await setHoldTtl(system.db, slug, 600);
    await sold(slug, ['A-5']);
    await payFor(bought, second);
    await eventually(async () =>
      expect((await reservation(bought.id)).refunds).toMatchObject([
        { reason: 'change_ended', amount: eur(4500) },
      ]),
    );
    expect(labels(await reservation(bought.id))).toEqual(['A-1']);
  });

  it('a wrong amount is refused, and a quote that is withdrawn frees its seats', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1']);
    const quote = await made(bought.id, { take: [{ event: slug, seats: ['A-1'] }] });
    const payment = { reference: `pay-${randomUUID()}`, ...eur(1) };
    expect(refusal(await confirm(bought.id, quote.id, { payment }))).toEqual([
      422,
      'payment_mismatch',
    ]);
    expect(refusal(await confirm(bought.id, quote.id, {}))).toEqual([422, 'validation_failed']);
    const path = `/v1/reservations/${bought.id}/changes/${quote.id}`;
    const withdrawn = await api.call<Change>('DELETE', path);
    expect([withdrawn.status, withdrawn.body.status]).toEqual([200, 'withdrawn']);
    expect(await api.seatStatus(slug, 'A-1')).toBe('available');
    const right = { reference: `pay-${randomUUID()}`, ...quote.due! };
    expect(refusal(await confirm(bought.id, quote.id, { payment: right }))).toEqual([
      409,
      'change_ended',
    ]);
    const key = system.info.keys.client2;
    expect(refusal(await api.call('GET', path, { key }))).toEqual([404, 'not_found']);
  });

  it('a payment by the client applies a quote once, however often it is sent', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1']);
    const quote = await made(bought.id, { take: [{ event: slug, seats: ['A-1'] }] });
    const payment = { reference: `pay-${randomUUID()}`, ...quote.due! };
    const answers = await Promise.all(
      [1, 2, 3].map(() => confirm(bought.id, quote.id, { payment })),
    );
    for (const { status } of answers) expect(status).toBe(200);
    await eventually(async () => expect((await shown(bought.id, quote.id)).status).toBe('applied'));
    const now = await reservation(bought.id);
    expect([now.payments.length, now.amounts.paid, now.revision]).toEqual([2, eur(6500), 2]);
  });

  it('the confirmation that was sent before stays answered, whatever the total is by now', async () => {
    const slug = await event();
    const held = await api.held(slug, ['A-1', 'A-2']);
    const reference = `pay-${randomUUID()}`;
    const payment = { reference, ...held.total };
    const path = `/v1/reservations/${held.id}/confirm`;
    expect((await api.call('POST', path, { body: { payment } })).status).toBe(200);
    const { id } = await made(held.id, { release: ['A-2'] });
    expect((await confirm(held.id, id, {})).status).toBe(200);
    const again = await api.call<Reservation>('POST', path, { body: { payment } });
    expect([again.status, again.body.total]).toEqual([200, eur(4500)]);
    const other = { payment: { ...payment, amount: 4500 } };
    expect(refusal(await api.call('POST', path, { body: other }))).toEqual([
      422,
      'payment_mismatch',
    ]);
  });

  it('a quote ends with the next step of the terms, also of an event that it gives back whole', async () => {
    const soon = new Date(Date.now() + 3_600_000);
    const terms = [
      { untilSecondsBeforeStart: 3000, percent: '100' },
      { untilSecondsBeforeStart: 0, percent: '50' },
    ];
    const near = await event({ startsAt: soon.toISOString(), refundTerms: terms });
    const far = await event();
    const held = await api.call<Reservation>('POST', '/v1/reservations', {
      headers: { 'idempotency-key': randomUUID() },
      body: {
        lines: [
          { event: far, seats: ['A-1'] },
          { event: near, seats: ['A-1'] },
        ],
        buyer: { name: 'Ada', email: `ada-${randomUUID()}@example.org` },
      },
    });
    await api.pay(held.body);
    await api.until(held.body.id, 'confirmed');
    const { expiresAt } = await made(held.body.id, { release: [{ event: near, label: 'A-1' }] });
    expect(Date.parse(expiresAt!)).toBeLessThanOrEqual(soon.getTime() - 3000 * 1000);
  });

  it('its changes are listed page by page, newest first', async () => {
    const slug = await event();
    const held = await api.held(slug, ['A-1']);
    const ids = [];
    for (const seat of ['A-2', 'A-3', 'A-4'])
      ids.unshift((await made(held.id, { take: [{ event: slug, seats: [seat] }] })).id);
    const list = `/v1/reservations/${held.id}/changes?limit=2`;
    const first = await api.call<{ data: Change[]; nextCursor: string }>('GET', list);
    const next = await api.call<{ data: Change[]; nextCursor: null }>(
      'GET',
      `${list}&cursor=${first.body.nextCursor}`,
    );
    expect([...first.body.data, ...next.body.data].map(({ id }) => id)).toEqual(ids);
    expect(next.body.nextCursor).toBeNull();
  });

  it('an entry with a ticket that would be given back ends the quote', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1', 'Floor-2']);
    const quote = await made(bought.id, {
      release: ['Floor-1'],
      take: [{ event: slug, seats: ['A-1'] }],
    });
    const ticket = (await api.tickets(bought.id)).find(({ seat }) => seat === 'Floor-1')!;
    const scan = await api.call('POST', '/v1/check-ins', {
      key: system.info.keys.scanner,
      body: { code: ticket.code, event: slug },
    });
    expect(scan.status).toBe(201);
    expect((await shown(bought.id, quote.id)).status).toBe('expired');
    await payFor(bought, quote);
    await eventually(async () =>
      expect((await reservation(bought.id)).refunds).toMatchObject([{ reason: 'change_ended' }]),
    );
    await eventually(async () => expect(await api.seatStatus(slug, 'A-1')).toBe('available'));
    expect(refusal(await change(bought.id, { release: ['Floor-1'] }))).toEqual([
      409,
      'already_checked_in',
    ]);
  });

  it('a cancel ends the quote, and what is paid for it afterwards goes back', async () => {
    const slug = await event();
    const bought = await sold(slug, ['Floor-1']);
    const quote = await made(bought.id, { take: [{ event: slug, seats: ['A-1'] }] });
    const cancelled = await api.cancel(bought.id);
    expect(cancelled.status).toBe(200);
    await api.until(bought.id, 'cancelled');
    expect(await api.seatStatus(slug, 'A-1')).toBe('available');
    await payFor(bought, quote);
    await eventually(async () => {
      const now = await reservation(bought.id);
      const back = now.refunds.map(({ reason, amount }) => [reason, amount.amount]);
      expect(back.sort()).toEqual([
        ['cancelled', 2000],
        ['cancelled', 4500],
      ]);
    });
  });
});

describe('A cancel of a sale', () => {
  it("gives back by the event's terms, as the preview says", async () => {
    const slug = await event({
      fees: [{ code: 'booking', name: 'Booking', per: 'ticket', amount: 150, refundable: false }],
      refundTerms: [
        { untilSecondsBeforeStart: 10 * 52 * 604_800, percent: '100' },
        { untilSecondsBeforeStart: 0, percent: '40' },
      ],
    });
    const bought = await sold(slug, ['A-1']);
    const preview = await api.call('GET', `/v1/reservations/${bought.id}/cancel`);
    expect(preview.body).toEqual({
      refund: eur(1800),
      retained: eur(2850),
      termsUntil: '2030-03-14T19:00:00.000Z',
    });
    await api.cancel(bought.id);
    const cancelled = await api.until(bought.id, 'cancelled');
    expect(cancelled.refunds).toMatchObject([{ amount: eur(1800), reason: 'cancelled' }]);
    expect(
      refusal(
        await api.cancel(bought.id, {
          key: operator(),
          body: { refund: 'full' },
        }),
      ),
    ).toEqual([409, 'cancel_accepted']);
  });

  it('is an operator’s to choose: all, nothing, an amount, even after an entry', async () => {
    const slug = await event();
    const bought = await sold(slug, ['A-1']);
    const path = `/v1/reservations/${bought.id}/cancel`;
    expect(refusal(await api.call('POST', path, { body: { refund: 'none' } }))).toEqual([
      403,
      'forbidden',
    ]);
    const [ticket] = await api.tickets(bought.id);
    await api.call('POST', '/v1/check-ins', {
      key: system.info.keys.scanner,
      body: { code: ticket!.code, event: slug },
    });
    expect(refusal(await api.call('POST', path))).toEqual([409, 'already_checked_in']);
    const tooMuch = { refund: { amount: 4501 }, allowCheckedIn: true };
    expect(refusal(await api.call('POST', path, { key: operator(), body: tooMuch }))).toEqual([
      422,
      'refund_exceeds_payment',
    ]);
    const body = { refund: { amount: 1000 }, allowCheckedIn: true };
    expect((await api.ask(path, { key: operator(), body })).status).toBe(200);
    const cancelled = await api.until(bought.id, 'cancelled');
    expect(cancelled.refunds).toMatchObject([{ amount: eur(1000) }]);
  });
});
