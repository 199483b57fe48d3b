import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import {
  ApiClient,
  eventually,
  refusal,
  type CallOptions,
  type Page,
  type Reservation,
  type Ticket,
} from '../support/api';
import { scannerKeyFor } from '../support/scanner-key';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Scan {
  code: unknown;
  event?: string;
  gate?: string | null;
  scanId?: string | null;
  scannedAt?: string | null;
}

const scan = (body: Scan, options: CallOptions = {}) =>
  api.call('POST', '/v1/check-ins', { key: system.info.keys.scanner, body, ...options });
const undo = (code: string, key = system.info.keys.operator) =>
  api.call('POST', '/v1/check-ins/undo', { key, body: { code } });

/** Sells seats, and waits for their tickets. @returns their codes too */
async function sold(seats: string[], given?: string): Promise<Reservation & { codes: string[] }> {
  const event = given ?? (await api.event());
  const reservation = await api.sold(event, seats);
  return { ...reservation, codes: (await api.tickets(reservation.id)).map(({ code }) => code) };
}

const statusesOf = async (id: string) => (await api.tickets(id)).map(({ status }) => status);
const countHistory = async (id: string, type: string) =>
  (await api.history(id)).filter((entry) => entry.type === type).length;

const keyFor = (event: string) => scannerKeyFor(system.db, api, event);

const fromNow = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('Check-in', () => {
  it('lets a ticket in, once, and tells the second who came in with it, when and where', async () => {
    const { id, event, codes } = await sold(['A-1', 'A-2']);
    const entered = await scan({ code: codes[0], event, gate: 'North' });
    expect([entered.status, entered.body]).toEqual([
      201,
      {
        reservation: id,
        event,
        seat: 'A-1',
        holder: 'Ada Lovelace',
        at: entered.body.at,
        gate: 'North',
      },
    ]);
    const again = await scan({ code: codes[0], event, gate: 'South' });
    expect(refusal(again)).toEqual([409, 'already_checked_in']);
    expect(again.body).toMatchObject({
      seat: 'A-1',
      holder: 'Ada Lovelace',
      firstCheckInAt: entered.body.at,
      gate: 'North',
    });
    expect(await statusesOf(id)).toEqual(['used', 'valid']);
    expect((await scan({ code: codes[1], event })).status).toBe(201);
    const told = (await api.history(id)).filter(({ type }) => type === 'ticket.checked_in');
    expect(told.map(({ data }) => data)).toEqual([{ seat: 'A-1', gate: 'North' }, { seat: 'A-2' }]);
  });

  it('tells in an order of several events of which one the seat is, also after an undo and a cancel', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const lines = [event, other].map((one) => ({ event: one, seats: ['A-1'] }));
    const { body } = await api.call<Reservation>('POST', '/v1/reservations', {
      headers: { 'idempotency-key': randomUUID() },
      body: { lines, buyer: { name: 'Ada Lovelace', email: 'ada@example.org' } },
    });
    await api.confirm(body);
    const tickets = (await api.tickets(body.id)) as (Ticket & { event: string })[];
    const { code } = tickets.find((ticket) => ticket.event === other)!;
    expect((await scan({ code, event: other })).status).toBe(201);
    expect((await undo(code)).status).toBe(200);
    await api.cancel(body.id);
    const named = async () =>
      (await api.history(body.id)).flatMap(({ type, data }) =>
        type.startsWith('ticket.') ? [[type, data.seat]] : [],
      );
    const [here, there] = [event, other].map((one) => ({ event: one, label: 'A-1' }));
    await eventually(async () =>
      expect((await named()).sort()).toEqual(
        [
          ['ticket.checked_in', there],
          ['ticket.check_in_undone', there],
          ['ticket.voided', here],
          ['ticket.voided', there],
        ].sort(),
      ),
    );
    const feed = await api.call<Page<{ type: string; reservation: string; data: unknown }>>(
      'GET',
      '/v1/feed?limit=200',
      { key: system.info.keys.operator },
    );
    expect(
      feed.body.data.filter(
        ({ type, reservation }) => type === 'ticket.checked_in' && reservation === body.id,
      ),
    ).toMatchObject([{ data: { seat: there } }]);
  });

  it('at ten doors at once lets one in, and tells the others when', async () => {
    const { event, codes } = await sold(['A-1']);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, gate) => scan({ code: codes[0], event, gate: `${gate}` })),
    );
    const [entered, ...more] = answers.filter(({ status }) => status === 201);
    expect(more).toEqual([]);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(refusal(answer)).toEqual([409, 'already_checked_in']);
      expect(answer.body).toMatchObject({
        firstCheckInAt: entered!.body.at,
        gate: entered!.body.gate,
      });
    }
  });

  it('does not know a code that is none', async () => {
    const { event, codes } = await sold(['A-1']);
    const code = codes[0]!;
    for (const wrong of [
      'x',
      'https://example.org/?ticket=1',
      'ünï 🌟',
      randomUUID(),
      code.slice(0, -1),
      `${code}A`,
      code.toLowerCase(),
      `${code.slice(0, -4)}AAAA`,
    ]) {
      expect([wrong, ...refusal(await scan({ code: wrong, event }))]).toEqual([
        wrong,
        404,
        'not_found',
      ]);
    }
    expect((await scan({ code, event })).status).toBe(201);
  });

  it.each([
    ['a carriage return', '', '\r'],
    ['line ends', '\r\n', '\r\n\n'],
    ['a tab and blanks', '\t ', '  '],
    ['a no-break space', '\u00a0', '\u00a0'],
    ['zero-width spaces and a byte order mark', '\ufeff\u200b', '\u200b\u200d\u2060'],
    ['marks of direction', '\u200e', '\u202c'],
  ])('takes %s off around the code', async (_what, before, behind) => {
    const { event, codes } = await sold(['A-1']);
    const answer = await scan({ code: `${before}${codes[0]}${behind}`, event });
    expect(answer.status).toBe(201);
    expect(refusal(await scan({ code: codes[0], event }))).toEqual([409, 'already_checked_in']);
  });

  it.each([
    [{ code: undefined }],
    [{ code: '' }],
    [{ code: ' \r\n\u200b' }],
    [{ code: 5 }],
    [{ code: 'a\u0000b' }],
    [{ code: 'a\rb' }],
    [{ code: 'x'.repeat(3000) }],
    [{ code: ' '.repeat(3000) + 'x' }],
    [{ code: 'x', door: 1 }],
    [{ code: 'x', gate: 'a\nb' }],
    [{ code: 'x', gate: 'x'.repeat(61) }],
    [{ code: 'x', scanId: 'two words' }],
    [{ code: 'x', scanId: 'x'.repeat(129) }],
    [{ code: 'x', scannedAt: 'yesterday' }],
  ])('refuses the body %j', async (body) => {
    const answer = await scan({ event: await api.event(), ...(body as Scan) });
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
  });

  it('knows no time window, neither before nor after the event', async () => {
    const { event, codes } = await sold(['A-1', 'A-2']);
    expect((await scan({ code: codes[0], event })).status).toBe(201);
    const begin = sql('test_begin', 'update events set starts_at = $2 where slug = $1');
    await system.db.run(begin, [event, '2000-01-01T20:00:00Z']);
    expect((await scan({ code: codes[1], event })).status).toBe(201);
  });
});

describe('The door of one event', () => {
  it('does not use up the ticket of another', async () => {
    const [mine, other] = [await sold(['A-1']), await api.event()];
    const wrong = await scan({ code: mine.codes[0], event: other });
    expect(refusal(wrong)).toEqual([409, 'wrong_event']);
    expect(wrong.body.holder).toBeUndefined();
    expect(await statusesOf(mine.id)).toEqual(['valid']);
    expect((await scan({ code: mine.codes[0], event: mine.event })).status).toBe(201);
  });

  it('says no more of another event’s ticket when that is used or void', async () => {
    const [used, gone, other] = [await sold(['A-1']), await sold(['A-1']), await api.event()];
    await scan({ code: used.codes[0], event: used.event });
    await api.cancel(gone.id);
    for (const { codes } of [used, gone])
      expect(refusal(await scan({ code: codes[0], event: other }))).toEqual([409, 'wrong_event']);
  });

  it('has to be named, by slug or id, and there must be such an event', async () => {
    const { event, codes } = await sold(['A-1', 'A-2']);
    const unnamed = await scan({ code: codes[0] });
    expect(refusal(unnamed)).toEqual([422, 'validation_failed']);
    expect(unnamed.body.errors).toMatchObject([{ path: 'event' }]);
    expect(refusal(await scan({ code: codes[0], event: 'no-such-event' }))).toEqual([
      404,
      'not_found',
    ]);
    const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`);
    expect((await scan({ code: codes[0], event: body.id })).status).toBe(201);
    expect((await scan({ code: codes[1], event })).status).toBe(201);
  });

  it('needs not be named with a key for it, which opens no other door', async () => {
    const [mine, other] = [await sold(['A-1', 'A-2', 'A-3']), await sold(['A-1'])];
    const key = await keyFor(mine.event);
    expect((await scan({ code: mine.codes[0] }, { key })).status).toBe(201);
    expect((await scan({ code: mine.codes[1], event: mine.event }, { key })).status).toBe(201);
    expect(refusal(await scan({ code: other.codes[0] }, { key }))).toEqual([409, 'wrong_event']);
    for (const code of [other.codes[0], mine.codes[2]]) {
      const answer = await scan({ code, event: other.event }, { key });
      expect(refusal(answer)).toEqual([403, 'key_of_another_event']);
    }
    expect(await statusesOf(other.id)).toEqual(['valid']);
    expect(await statusesOf(mine.id)).toEqual(['used', 'used', 'valid']);
    for (const path of ['check-ins/summary', 'voided-tickets']) {
      const elsewhere = await api.call('GET', `/v1/events/${other.event}/${path}`, { key });
      expect(refusal(elsewhere)).toEqual([403, 'key_of_another_event']);
      const here = await api.call('GET', `/v1/events/${mine.event}/${path}`, { key });
      expect(here.status).toBe(200);
    }
  });
});

describe('A scan with an id', () => {
  it('asked again gets its own first answer, and lets nobody else in', async () => {
    const { id, event, codes } = await sold(['A-1']);
    const body = { code: codes[0], event, gate: 'North', scanId: randomUUID() };
    const first = await scan(body);
    expect(first.status).toBe(201);
    const again = await scan(body);
    expect([again.status, again.body]).toEqual([201, first.body]);
    const other = await scan({ ...body, scanId: randomUUID() });
    expect(refusal(other)).toEqual([409, 'already_checked_in']);
    expect(await countHistory(id, 'ticket.checked_in')).toBe(1);
  });

  it('sent five times at once lets in once, and each is told so', async () => {
    const { id, event, codes } = await sold(['A-1']);
    const body = { code: codes[0], event, scanId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => scan(body)));
    expect(new Set(answers.map((answer) => JSON.stringify([answer.status, answer.body])))).toEqual(
      new Set([JSON.stringify([201, answers[0]!.body])]),
    );
    expect(await countHistory(id, 'ticket.checked_in')).toBe(1);
  });

  it('that was refused stays refused, also when the ticket has become valid again', async () => {
    const { event, codes } = await sold(['A-1']);
    await scan({ code: codes[0], event, gate: 'North' });
    const late = { code: codes[0], event, scanId: randomUUID() };
    const refused = await scan(late);
    await undo(codes[0]!);
    const again = await scan(late);
    const { instance: _, ...answer } = refused.body;
    expect(again.body).toMatchObject(answer);
    expect((await scan({ code: codes[0], event })).status).toBe(201);
  });

  it('keeps its answer after a cancel of another ticket, an unknown code and a wrong door', async () => {
    const { event, codes } = await sold(['A-1']);
    const other = await api.event();
    for (const [body, expected] of [
      [{ code: 'nothing', event, scanId: randomUUID() }, [404, 'not_found']],
      [{ code: codes[0], event: other, scanId: randomUUID() }, [409, 'wrong_event']],
    ] as const) {
      expect(refusal(await scan(body))).toEqual(expected);
      expect(refusal(await scan(body))).toEqual(expected);
    }
  });

  it('is of one code: with another it is refused, and lets nobody in', async () => {
    const { id, event, codes } = await sold(['A-1', 'A-2']);
    const scanId = randomUUID();
    expect((await scan({ code: codes[0], event, scanId })).status).toBe(201);
    expect(refusal(await scan({ code: codes[1], event, scanId }))).toEqual([422, 'scan_id_reused']);
    expect(refusal(await scan({ code: 'nothing', event, scanId }))).toEqual([
      422,
      'scan_id_reused',
    ]);
    expect(await statusesOf(id)).toEqual(['used', 'valid']);
  });

  it('with two codes at once lets one of them in', async () => {
    const { id, event, codes } = await sold(['A-1', 'A-2', 'A-3', 'A-4']);
    const scanId = randomUUID();
    const answers = await Promise.all(codes.map((code) => scan({ code, event, scanId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422]);
    expect((await statusesOf(id)).sort()).toEqual(['used', 'valid', 'valid', 'valid']);
  });

  it('is of one key: another scanner’s scan of the same id is another scan', async () => {
    const { event, codes } = await sold(['A-1', 'A-2']);
    const scanId = '1';
    expect((await scan({ code: codes[0], scanId }, { key: await keyFor(event) })).status).toBe(201);
    const key = await keyFor(event);
    expect(refusal(await scan({ code: codes[0], scanId }, { key }))).toEqual([
      409,
      'already_checked_in',
    ]);
  });

  it('keeps no name: after an erasure its answer has none', async () => {
    const { id, event, codes } = await sold(['A-1']);
    const body = { code: codes[0], event, scanId: randomUUID() };
    await scan(body);
    const key = system.info.keys.operator;
    await api.call('POST', `/v1/reservations/${id}/erase-buyer`, { key });
    const again = await scan(body);
    expect([again.status, again.body.holder]).toEqual([201, '']);
  });
});

describe('A scan made without a network', () => {
  it('counts as of when it was made', async () => {
    const { event, codes } = await sold(['A-1']);
    const scannedAt = fromNow(-3600);
    const entered = await scan({ code: codes[0], event, scannedAt, scanId: randomUUID() });
    expect([entered.status, entered.body.at]).toEqual([201, scannedAt]);
    const again = await scan({ code: codes[0], event });
    expect(again.body.firstCheckInAt).toBe(scannedAt);
  });

  it('wins when it arrives first, though another was made before it', async () => {
    const { event, codes } = await sold(['A-1']);
    const [later, earlier] = [fromNow(-60), fromNow(-600)];
    expect((await scan({ code: codes[0], event, scannedAt: later, gate: 'B' })).status).toBe(201);
    const second = await scan({ code: codes[0], event, scannedAt: earlier, gate: 'A' });
    expect(refusal(second)).toEqual([409, 'already_checked_in']);
    expect(second.body).toMatchObject({ firstCheckInAt: later, gate: 'B' });
  });

  it('is at most a day old and not from the future, a few minutes aside', async () => {
    const { event, codes } = await sold(['A-1', 'A-2']);
    for (const scannedAt of [fromNow(-86_400 - 60), fromNow(3600)]) {
      const answer = await scan({ code: codes[0], event, scannedAt, scanId: randomUUID() });
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
      expect(answer.body.errors).toMatchObject([{ path: 'scannedAt' }]);
    }
    const ahead = await scan({ code: codes[0], event, scannedAt: fromNow(120) });
    expect(ahead.status).toBe(201);
    expect(Date.parse(ahead.body.at as string)).toBeLessThan(Date.now() + 60_000);
    const old = await scan({ code: codes[1], event, scannedAt: fromNow(-86_400 + 600) });
    expect(old.status).toBe(201);
  });

  it('is answered again as at first, however old it has become', async () => {
    const { event, codes } = await sold(['A-1']);
    const body = { code: codes[0], event, scannedAt: fromNow(-60), scanId: randomUUID() };
    const first = await scan(body);
    const again = await scan({ ...body, scannedAt: fromNow(-2 * 86_400) });
    expect([again.status, again.body]).toEqual([201, first.body]);
  });
});

describe('An entry undone', () => {
  it('makes the ticket valid again, for one more entry; the scan that let in does not let in again', async () => {
    const { id, event, codes } = await sold(['A-1']);
    const body = { code: codes[0], event, scanId: randomUUID() };
    await scan(body);
    const undone = await undo(` ${codes[0]}\r`);
    expect([undone.status, undone.body]).toEqual([
      200,
      { reservation: id, event, seat: 'A-1', holder: 'Ada Lovelace', status: 'valid' },
    ]);
    expect(await statusesOf(id)).toEqual(['valid']);
    expect(refusal(await scan(body))).toEqual([409, 'scan_undone']);
    expect(await statusesOf(id)).toEqual(['valid']);
    expect((await scan({ ...body, scanId: randomUUID() })).status).toBe(201);
    expect(refusal(await scan(body))).toEqual([409, 'scan_undone']);
    expect(await countHistory(id, 'ticket.checked_in')).toBe(2);
    expect(await countHistory(id, 'ticket.check_in_undone')).toBe(1);
  });

  it('is for operators alone', async () => {
    const { event, codes } = await sold(['A-1']);
    await scan({ code: codes[0], event });
    for (const key of [system.info.keys.scanner, system.info.keys.client])
      expect(refusal(await undo(codes[0]!, key))).toEqual([403, 'forbidden']);
  });

  it('must have been one', async () => {
    const { id, codes } = await sold(['A-1']);
    expect(refusal(await undo(codes[0]!))).toEqual([409, 'not_checked_in']);
    expect(refusal(await undo('nothing'))).toEqual([404, 'not_found']);
    await api.cancel(id);
    expect(refusal(await undo(codes[0]!))).toEqual([409, 'ticket_void']);
  });

  it('twice at once is undone once', async () => {
    const { id, event, codes } = await sold(['A-1']);
    await scan({ code: codes[0], event });
    const answers = await Promise.all([undo(codes[0]!), undo(codes[0]!)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await countHistory(id, 'ticket.check_in_undone')).toBe(1);
  });
});

describe('A cancel', () => {
  it('after an entry is refused, and undoes nothing; before it the tickets are void', async () => {
    const entered = await sold(['A-1', 'A-2']);
    await scan({ code: entered.codes[0], event: entered.event });
    expect(refusal(await api.cancel(entered.id))).toEqual([409, 'already_checked_in']);
    const { body } = await api.get(entered.id);
    expect(body).toMatchObject({ status: 'confirmed', cancelRequestedAt: null });
    expect(await statusesOf(entered.id)).toEqual(['used', 'valid']);
    expect(await countHistory(entered.id, 'reservation.cancel_requested')).toBe(0);

    const gone = await sold(['A-3', 'A-4'], entered.event);
    expect((await api.cancel(gone.id)).status).toBeLessThan(300);
    for (const code of gone.codes) {
      const answer = await scan({ code, event: gone.event });
      expect([...refusal(answer), answer.body.why]).toEqual([409, 'ticket_void', 'cancelled']);
    }
  });

  it('is possible again once the entry is undone', async () => {
    const { id, event, codes } = await sold(['A-1']);
    await scan({ code: codes[0], event });
    expect((await api.cancel(id)).status).toBe(409);
    await undo(codes[0]!);
    expect((await api.cancel(id)).status).toBeLessThan(300);
    expect(refusal(await scan({ code: codes[0], event }))).toEqual([409, 'ticket_void']);
  });

  it('and an entry at one moment: exactly one of them wins, and nothing fails', async () => {
    const event = await api.event();
    const rounds = await Promise.all(
      Array.from({ length: 10 }, (_, row) => sold([`B-${row + 1}`], event)),
    );
    const winners = new Set<string>();
    for (const { id, codes } of rounds) {
      const [entered, cancelled] = await Promise.all([
        scan({ code: codes[0], event }),
        api.cancel(id),
      ]);
      const answers = [...refusal(entered), ...refusal(cancelled)];
      if (entered.status === 201) {
        expect(answers).toEqual([201, undefined, 409, 'already_checked_in']);
        expect(await statusesOf(id)).toEqual(['used']);
        expect((await api.get(id)).body.status).toBe('confirmed');
      } else {
        expect([cancelled.status < 300, ...refusal(entered)]).toEqual([true, 409, 'ticket_void']);
        expect(await statusesOf(id)).toEqual(['void']);
        await api.until(id, 'cancelled');
      }
      winners.add(entered.status === 201 ? 'entry' : 'cancel');
    }
    expect(winners.size).toBeGreaterThan(0);
  });
});

describe('Release 1.0, which runs beside this one for a while', () => {
  const checkIn10 = sql<{ seat: string }>(
    'test_check_in_1_0',
    `with entered as (
       update tickets set status = 'used', used_at = clock_timestamp() where code = $1 and status = 'valid'
       returning id, reservation_id, seat_id, used_at)
     , told as (
       insert into history (reservation_id, type, actor, data)
       select n.reservation_id, 'checked_in', $2, jsonb_build_object('seat', s.label) from entered n join seats s on s.id = n.seat_id)
     select s.label as seat from entered n join seats s on s.id = n.seat_id`,
  );
  const cancel10 = sql<{ kind: string }>(
    'test_cancel_1_0',
    `select keep_cancel($1, 'client:old') ->> 'kind' as kind`,
  );

  it('lets in what this one then knows, and no ticket whose cancel this one has accepted', async () => {
    const [entered, gone] = [await sold(['A-1']), await sold(['A-1'])];
    expect(await system.db.rows(checkIn10, [entered.codes[0], 'old'])).toEqual([{ seat: 'A-1' }]);
    const again = await scan({ code: entered.codes[0], event: entered.event });
    expect([...refusal(again), again.body.gate]).toEqual([409, 'already_checked_in', null]);
    expect(refusal(await api.cancel(entered.id))).toEqual([409, 'already_checked_in']);
    await api.cancel(gone.id);
    expect(await system.db.rows(checkIn10, [gone.codes[0], 'old'])).toEqual([]);
  });

  it('accepts a cancel as this one does, and is told that it is too late after an entry', async () => {
    const [entered, gone] = [await sold(['A-1']), await sold(['A-1'])];
    await scan({ code: entered.codes[0], event: entered.event });
    expect(await system.db.rows(cancel10, [entered.id])).toEqual([{ kind: 'expired' }]);
    expect(await statusesOf(entered.id)).toEqual(['used']);
    expect(await system.db.rows(cancel10, [gone.id])).toEqual([{ kind: 'kept' }]);
    expect(await statusesOf(gone.id)).toEqual(['void']);
    expect((await api.get(gone.id)).body.cancelRequestedAt).not.toBeNull();
  });
});

describe('An event’s door in numbers', () => {
  it('counts entries by gate, and who is still to come', async () => {
    const { event, codes } = await sold(['A-1', 'A-2', 'A-3', 'A-4', 'A-5']);
    for (const [index, gate] of ['North', 'North', 'South', null].entries())
      await scan({ code: codes[index], event, gate });
    const answer = await api.call('GET', `/v1/events/${event}/check-ins/summary`, {
      key: system.info.keys.scanner,
    });
    expect(answer.body).toEqual({
      event,
      entries: 4,
      expected: 1,
      gates: [
        { gate: 'North', entries: 2 },
        { gate: 'South', entries: 1 },
        { gate: null, entries: 1 },
      ],
    });
  });

  it('lists the codes that no longer count, from where the scanner left off', async () => {
    const event = await api.event();
    const voided = (after?: string, limit = 200) =>
      api.call<{ data: { code: string; seat: string; why: string }[]; next: string }>(
        'GET',
        `/v1/events/${event}/voided-tickets?limit=${limit}${after ? `&after=${after}` : ''}`,
        { key: system.info.keys.scanner },
      );
    const empty = (await voided()).body;
    expect(empty.data).toEqual([]);
    const [first, second] = [await sold(['A-1', 'A-2'], event), await sold(['A-3'], event)];
    await api.cancel(first.id);
    await api.cancel(second.id);
    const { data, next } = (await voided(empty.next)).body;
    expect(data.map(({ code }) => code).sort()).toEqual([...first.codes, ...second.codes].sort());
    expect(data[0]).toMatchObject({ why: 'cancelled' });

    // A page at a time comes to the end as well; what is older than a minute is not told again.
    const seen: string[] = [];
    let place: string | undefined;
    for (let page = 0; page < 3; page++) {
      const { body } = await voided(place, 1);
      seen.push(...body.data.map(({ code }) => code));
      place = body.next;
    }
    expect(new Set(seen)).toEqual(new Set(data.map(({ code }) => code)));
    const age = sql(
      'test_age_voided',
      `update tickets set voided_at = voided_at - interval '2 minutes' where reservation_id = any ($1)`,
    );
    await system.db.run(age, [[first.id, second.id]]);
    expect((await voided(next)).body.data).toEqual([]);
  });

  it('refuses a place that is none', async () => {
    const path = `/v1/events/${await api.event()}/voided-tickets?after=now`;
    expect(refusal(await api.call('GET', path, { key: system.info.keys.scanner }))).toEqual([
      422,
      'validation_failed',
    ]);
  });
});
