import { randomUUID } from 'node:crypto';
import type { AllotmentRecord } from '../../src/db/allotments';
import { sql } from '../../src/db/database';
import {
  ApiClient,
  eventually,
  refusal,
  type CallOptions,
  type Page,
  type Reservation,
  type Seat,
} from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let operator: string;
let other: string;
/** The name that owns the key of the usual caller. */
let client: string;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  operator = system.info.keys.operator;
  other = system.info.keys.client2;
  client = (await api.held(await api.event(), ['A-1'])).id;
  const [row] = await system.db.rows<{ client: string }>(
    sql('', 'select client from reservations where id = $1'),
    [client],
  );
  client = row!.client;
});
afterAll(() => system.stop());

const allot = (event: string, body: unknown, options: CallOptions = {}) =>
  api.call<AllotmentRecord>('POST', `/v1/events/${event}/allotments`, {
    key: operator,
    body,
    headers: { 'idempotency-key': randomUUID() },
    ...options,
  });

async function allotted(event: string, body: Record<string, unknown>): Promise<AllotmentRecord> {
  const answer = await allot(event, { name: 'Sponsors', ...body });
  if (answer.status !== 201) throw new Error(`Not allotted: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const pathOf = ({ event, id }: AllotmentRecord) => `/v1/events/${event}/allotments/${id}`;
const patch = (one: AllotmentRecord, body: unknown, tag = `"r${one.revision}"`) =>
  api.call<AllotmentRecord>('PATCH', pathOf(one), {
    key: operator,
    body,
    headers: { 'if-match': tag },
  });

const holdFrom = (
  allotment: string | null,
  event: string,
  seats: string[],
  options: CallOptions = {},
) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: {
      event,
      seats,
      ...(allotment && { allotment }),
      buyer: { name: 'Ada', email: `${randomUUID()}@example.org` },
    },
    headers: { 'idempotency-key': randomUUID() },
    ...options,
  });

const mapFor = (event: string, key: string | null) =>
  api.call<{ data: (Seat & { allotment?: string | null })[] }>('GET', `/v1/events/${event}/seats`, {
    key,
  });

async function seatFor(event: string, label: string, key: string | null) {
  const seat = (await mapFor(event, key)).body.data.find((one) => one.label === label)!;
  return [seat.status, seat.allotment];
}

const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

/** Lets the allotment's time be over, as its clock would. */
async function passes({ id }: AllotmentRecord): Promise<void> {
  await system.db.run(
    sql(
      '',
      `with past as (update allotments set until = clock_timestamp() where id = $1 returning id, until)
       update seats set allotment_until = past.until from past where allotment_id = past.id`,
    ),
    [id],
  );
}

const eventHistory = (event: string) =>
  system.db.rows<{ type: string; actor: string; data: Record<string, unknown> }>(
    sql(
      '',
      `select h.type, h.actor, h.data from history h join events e on e.id = h.event_id where e.slug = $1 order by h.id`,
    ),
    [event],
  );

describe('An allotment', () => {
  it('keeps seats from everyone but its client and operators', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['A-2', 'A-1'], client });
    expect(one).toMatchObject({ event, name: 'Sponsors', client, until: null, endedAt: null });
    expect(one.seats).toEqual(['A-1', 'A-2']);

    expect(refusal(await holdFrom(null, event, ['A-1', 'A-3']))).toEqual([
      409,
      'seats_unavailable',
    ]);
    expect(refusal(await holdFrom(null, event, ['A-1'], { key: operator }))[0]).toBe(409);
    expect(refusal(await holdFrom(one.id, event, ['A-1'], { key: other }))).toEqual([
      422,
      'validation_failed',
    ]);
    expect(await seatFor(event, 'A-3', null)).toEqual(['available', undefined]);
    expect((await holdFrom(one.id, event, ['A-1', 'A-3'])).status).toBe(201);
    expect((await holdFrom(one.id, event, ['A-2'], { key: operator })).status).toBe(201);
  });

  it('of no client is for operators alone', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['A-1'] });
    expect((await holdFrom(one.id, event, ['A-1'])).status).toBe(422);
    expect((await holdFrom(one.id, event, ['A-1'], { key: operator })).status).toBe(201);
  });

  it('is blocked in the public map and available, by its id, to who takes from it', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['A-1'], client });
    expect(await seatFor(event, 'A-1', null)).toEqual(['blocked', undefined]);
    expect(await seatFor(event, 'A-1', other)).toEqual(['blocked', undefined]);
    for (const key of [system.info.keys.client, operator]) {
      expect(await seatFor(event, 'A-1', key)).toEqual(['available', one.id]);
      expect(await seatFor(event, 'A-2', key)).toEqual(['available', null]);
    }
    const shown = await mapFor(event, operator);
    const open = await mapFor(event, null);
    expect(shown.headers.get('cache-control')).toContain('private');
    for (const { headers } of [shown, open]) expect(headers.get('vary')).toMatch(/authorization/i);
    expect(shown.headers.get('etag')).not.toBe(open.headers.get('etag'));
    const again = await fetch(`${system.info.apiUrl}/v1/events/${event}/seats`, {
      headers: {
        authorization: `Bearer ${operator}`,
        'if-none-match': shown.headers.get('etag')!,
      },
    });
    expect(again.status).toBe(304);
    expect(refusal(await mapFor(event, 'hf_client_nobody'))).toEqual([401, 'unauthorized']);
  });

  it('takes all its seats or none: not one that is held, sold or kept already', async () => {
    const event = await api.event();
    await api.held(event, ['A-1']);
    await allotted(event, { seats: ['A-2'] });
    const answer = await allot(event, { name: 'More', seats: ['A-1', 'A-2', 'A-3'] });
    expect(refusal(answer)).toEqual([409, 'seats_unavailable']);
    expect(answer.body).toMatchObject({
      seats: ['A-1', 'A-2'],
      unavailable: [
        { event, label: 'A-1' },
        { event, label: 'A-2' },
      ],
    });
    expect(await api.seatStatus(event, 'A-3')).toBe('available');
  });

  it('may be whole rows or a whole section', async () => {
    const event = await api.event();
    expect((await allotted(event, { rows: ['B'] })).seats).toHaveLength(10);
    expect((await allotted(event, { section: 'Stalls', rows: ['A'] })).seats[0]).toBe('A-1');
    expect((await allotted(event, { section: 'Floor' })).seats).toHaveLength(50);
  });

  it('is refused by name for what there is not, and what is over', async () => {
    const event = await api.event({
      sections: [
        { name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 2 }] },
        { name: 'Circle', category: 'stalls', rows: [{ name: 'A', seats: 2 }] },
      ],
    });
    const cases: [Record<string, unknown>, string][] = [
      [{ seats: ['Stalls-A-1', 'Z-9'] }, 'seats.1'],
      [{ section: 'Pit' }, 'section'],
      [{ rows: ['Z'] }, 'rows.0'],
      [{ rows: ['A'] }, 'rows.0'],
      [{ seats: ['Stalls-A-1'], until: '2020-01-01T00:00:00Z' }, 'until'],
      [{ seats: ['Stalls-A-1'], client: 'nobody-at-all' }, 'client'],
      [{}, 'seats'],
      [{ seats: ['Stalls-A-1'], section: 'Stalls' }, 'seats'],
      [{ seats: ['Stalls-A-1', 'Stalls-A-1'] }, 'seats'],
    ];
    for (const [body, path] of cases) {
      const answer = await allot(event, { name: 'Bad', ...body });
      expect([...refusal(answer), path]).toEqual([422, 'validation_failed', path]);
      expect((answer.body as unknown as { errors: { path: string }[] }).errors[0]!.path).toBe(path);
    }
    expect(refusal(await allot('nowhere-at-all', { name: 'Bad', seats: ['A-1'] }))[0]).toBe(404);
    expect(refusal(await allot(event, { name: 'B', section: 'Stalls' }, { headers: {} }))).toEqual([
      400,
      'idempotency_key_missing',
    ]);
    expect(
      refusal(await allot(event, { name: 'B', section: 'Stalls' }, { key: undefined })),
    ).toEqual([403, 'forbidden']);
  });

  it('is made once for its key', async () => {
    const event = await api.event();
    const headers = { 'idempotency-key': randomUUID() };
    const body = { name: 'Sponsors', seats: ['A-1'] };
    const first = await allot(event, body, { headers });
    const again = await allot(event, body, { headers });
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(refusal(await allot(event, { ...body, name: 'Other' }, { headers }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
  });

  it('is chosen from by bestAvailable, and by nobody else', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['B-3', 'B-4'], client });
    const best = (allotment: string | null, quantity: number) =>
      api.call<Reservation>('POST', '/v1/reservations', {
        body: {
          event,
          bestAvailable: { category: 'stalls', quantity },
          ...(allotment && { allotment }),
          buyer: { name: 'Ada', email: `${randomUUID()}@example.org` },
        },
        headers: { 'idempotency-key': randomUUID() },
      });
    const held = await best(one.id, 2);
    expect(held.body.seats.map(({ label }) => label)).toEqual(['B-3', 'B-4']);
    expect(refusal(await best(one.id, 1))).toEqual([409, 'seats_unavailable']);
    await api.cancel(held.body.id);
    for (let taken = 0; taken < 18; taken += 2) {
      const { status, body } = await best(null, 2);
      expect(status).toBe(201);
      for (const { label } of body.seats) expect(one.seats).not.toContain(label);
    }
    expect(refusal(await best(null, 1))).toEqual([409, 'seats_unavailable']);
    expect((await best(one.id, 2)).status).toBe(201);
  });

  it('gets a seat back when a hold of it ends', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['A-1'], client });
    const { body } = await holdFrom(one.id, event, ['A-1']);
    expect(await seatFor(event, 'A-1', operator)).toEqual(['held', one.id]);
    await api.cancel(body.id);
    await eventually(async () =>
      expect(await seatFor(event, 'A-1', null)).toEqual(['blocked', undefined]),
    );
    expect((await holdFrom(null, event, ['A-1'])).status).toBe(409);
  });

  it('ends at its time by the database’s clock: the free is for everyone, the held later, the sold never', async () => {
    const event = await api.event({ holdTtlSeconds: 600 });
    const one = await allotted(event, {
      seats: ['A-1', 'A-2', 'A-3'],
      client,
      until: soon(3600_000),
    });
    const held = (await holdFrom(one.id, event, ['A-2'])).body;
    const sold = (await holdFrom(one.id, event, ['A-3'])).body;
    await api.confirm(sold);
    await api.until(sold.id, 'confirmed');
    await passes(one);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
    expect((await holdFrom(null, event, ['A-1'], { key: other })).status).toBe(201);
    expect((await holdFrom(null, event, ['A-2'], { key: other })).status).toBe(409);
    await api.cancel(held.id);
    await eventually(async () => expect(await api.seatStatus(event, 'A-2')).toBe('available'));
    expect(await api.seatStatus(event, 'A-3')).toBe('sold');
    // Noted by the sweep, once, and told to nobody as free text.
    await eventually(async () =>
      expect((await eventHistory(event)).map(({ type }) => type)).toEqual([
        'event.created',
        'allotment.created',
        'allotment.ended',
      ]),
    );
    const [, made, ended] = await eventHistory(event);
    expect([made!.data, ended!.data]).toEqual([
      { allotment: one.id, seats: 3 },
      { allotment: one.id, seats: 3 },
    ]);
    expect(ended!.actor).toBe('system');
    const shown = await api.call<AllotmentRecord>('GET', pathOf(one), { key: operator });
    expect(shown.body).toMatchObject({ seats: [], endedAt: expect.any(String) as string });
    expect(refusal(await patch(shown.body, { until: null }))).toEqual([409, 'allotment_ended']);
    // Who still names it takes what is free for everyone.
    expect((await holdFrom(one.id, event, ['A-2'])).status).toBe(201);
  });

  it('is deleted, once, and listed with those in force', async () => {
    const event = await api.event();
    const first = await allotted(event, { seats: ['A-1'] });
    const second = await allotted(event, { seats: ['A-2'] });
    for (let round = 0; round < 2; round++) {
      const answer = await api.call('DELETE', pathOf(first), { key: operator });
      expect(answer.status).toBe(204);
    }
    expect((await holdFrom(null, event, ['A-1'])).status).toBe(201);
    const { body } = await api.call<Page<AllotmentRecord>>(
      'GET',
      `/v1/events/${event}/allotments?limit=1`,
      { key: operator },
    );
    expect(body.data.map(({ id }) => id)).toEqual([second.id]);
    const next = await api.call<Page<AllotmentRecord>>(
      'GET',
      `/v1/events/${event}/allotments?cursor=${body.nextCursor}`,
      { key: operator },
    );
    expect(next.body.data).toMatchObject([{ id: first.id, seats: [] }]);
    const history = await eventHistory(event);
    expect(history.filter(({ type }) => type === 'allotment.ended')).toHaveLength(1);
    expect(history.at(-1)!.actor).toMatch(/^operator:/);
    expect(refusal(await api.call('DELETE', `${pathOf(first)}0`, { key: operator }))[0]).toBe(404);
  });

  it('is changed by who has read it: name, client, end and seats', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['A-1', 'A-2'], client });
    const noTag = await api.call('PATCH', pathOf(one), { key: operator, body: { name: 'X' } });
    expect(refusal(noTag)).toEqual([428, 'precondition_required']);
    expect(refusal(await patch(one, { name: 'X' }, '"r7"'))).toEqual([412, 'precondition_failed']);
    const until = soon(3600_000);
    const changed = await patch(one, { name: 'Press', client: null, until, seats: ['A-2', 'A-3'] });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"r2"');
    expect(changed.body).toMatchObject({
      name: 'Press',
      client: null,
      until,
      seats: ['A-2', 'A-3'],
    });
    expect(await seatFor(event, 'A-2', system.info.keys.client)).toEqual(['blocked', undefined]);
    expect((await holdFrom(null, event, ['A-1'])).status).toBe(201);
    expect(refusal(await patch(changed.body, { seats: ['A-1', 'A-4'] }))).toEqual([
      409,
      'seats_unavailable',
    ]);
    expect(await api.seatStatus(event, 'A-4')).toBe('available');
    expect((await patch(changed.body, { until: null })).body.until).toBeNull();
  });

  it('keeps its seat from a late payment that did not take it from there', async () => {
    const event = await api.event({ holdTtlSeconds: 1 });
    const open = await api.held(event, ['A-1']);
    const lapsed = await api.until(open.id, 'expired');
    const one = await allotted(event, { seats: ['A-1'], client });
    await api.pay(lapsed);
    await eventually(async () =>
      expect((await api.get(open.id)).body.refunds[0]?.status).toBe('succeeded'),
    );
    expect((await api.get(open.id)).body.status).toBe('expired');

    const mine = (await holdFrom(one.id, event, ['A-1'])).body;
    await api.until(mine.id, 'expired');
    await api.pay(mine);
    expect((await api.until(mine.id, 'confirmed')).seats[0]!.label).toBe('A-1');
  });

  it('is priced by a preview for those only who take from it', async () => {
    const event = await api.event();
    const one = await allotted(event, { seats: ['B-5'], client });
    const body = {
      event,
      bestAvailable: { category: 'stalls', quantity: 1 },
      allotment: one.id,
    };
    const mine = await api.call<Reservation>('POST', '/v1/price-previews', { body });
    expect(mine.body.seats.map(({ label }) => label)).toEqual(['B-5']);
    const theirs = await api.call('POST', '/v1/price-previews', { body, key: other });
    expect(refusal(theirs)).toEqual([422, 'validation_failed']);
  });

  it('stands in a line of an order of several events', async () => {
    const [event, second] = [await api.event(), await api.event()];
    const one = await allotted(event, { seats: ['A-1'], client });
    const order = (allotment: string | undefined) =>
      api.call<Reservation>('POST', '/v1/reservations', {
        body: {
          lines: [
            { event, seats: ['A-1'], ...(allotment && { allotment }) },
            { event: second, seats: ['A-1'] },
          ],
          buyer: { name: 'Ada', email: `${randomUUID()}@example.org` },
        },
        headers: { 'idempotency-key': randomUUID() },
      });
    expect(refusal(await order(undefined))).toEqual([409, 'seats_unavailable']);
    const foreign = await allotted(second, { seats: ['A-2'], client });
    expect(refusal(await order(foreign.id))).toEqual([422, 'validation_failed']);
    expect((await order(one.id)).status).toBe(201);
  });
});
