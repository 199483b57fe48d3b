import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Answer, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
const post = (key: string | null, body: unknown, options: { key?: string; raw?: string } = {}) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    ...(options.raw === undefined ? { body } : { raw: options.raw }),
    ...(options.key !== undefined && { key: options.key }),
    headers: key === null ? {} : { 'idempotency-key': key },
  });
const replayed = ({ headers }: Answer<unknown>) => headers.get('idempotency-replayed');
const countOf = async (table: 'outbox' | 'history', id: string) => {
  const column = table === 'outbox' ? 'subject' : 'reservation_id';
  const statement = sql(
    `test_count_${table}`,
    `select count(*) as rows from ${table} where ${column} = $1`,
  );
  return (await system.db.rows<{ rows: number }>(statement, [id]))[0]!.rows;
};

describe('The idempotency key', () => {
  it('is the id of the reservation, of its page and of its workflow', async () => {
    const id = randomUUID();
    const { status, body, headers } = await post(id, {
      event: await api.event(),
      seats: ['A-1'],
      buyer,
    });
    expect([status, body.id, headers.get('location')]).toEqual([201, id, `/v1/reservations/${id}`]);
    expect((await api.get(id)).body).toEqual(body);
    await eventually(async () => {
      const description = await system.temporal.workflow.getHandle(id).describe();
      expect([description.workflowId, description.type]).toEqual([id, 'reservation']);
    });
  });

  it.each(['12345678', 'x'.repeat(128), 'A-z_0.9-', '........', '--------', '__proto__'])(
    'may be %s',
    async (form) => {
      const { status, body } = await post(form, {
        event: await api.event(),
        seats: ['A-1'],
        buyer,
      });
      expect([status, body.id]).toEqual([201, form]);
      expect((await api.get(form)).status).toBe(200);
    },
  );

  it('may come quoted, and is the same key', async () => {
    const id = randomUUID();
    const body = { event: await api.event(), seats: ['A-1'], buyer };
    expect((await post(`"${id}"`, body)).body.id).toBe(id);
    expect(replayed(await post(id, body))).toBe('true');
  });

  it('is needed', async () => {
    const body = { event: await api.event(), seats: ['A-1'], buyer };
    expect(refusal(await post(null, body))).toEqual([400, 'idempotency_key_missing']);
    expect(refusal(await post('', body))).toEqual([400, 'idempotency_key_missing']);
  });

  it.each([
    '1234567',
    'x'.repeat(129),
    'with blank',
    'with:colon',
    'with/slash',
    'umläut-key',
    '"12345678',
    '"short"',
    '""',
    "'12345678'",
    'key;a=b;c',
  ])('must not be %s', async (form) => {
    const body = { event: await api.event(), seats: ['A-1'], buyer };
    expect(refusal(await post(form, body))).toEqual([400, 'idempotency_key_invalid']);
  });
});

describe('The same request again', () => {
  it('gets the same reservation, marked as replayed, and nothing is done twice', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1', 'A-2'], buyer };
    const first = await post(id, body);
    expect(replayed(first)).toBeNull();
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body]).toEqual([201, 'true', first.body]);
    expect(again.headers.get('location')).toBe(`/v1/reservations/${id}`);
    expect((await api.seats(event)).filter((seat) => seat.status !== 'available').length).toBe(2);
    expect((await api.history(id)).filter(({ type }) => type === 'reservation.held').length).toBe(
      1,
    );
  });

  it('is known after parsing: members in any order, blanks, escapes, other forms of a number', async () => {
    const event = await api.event();
    const id = randomUUID();
    const given = `{"event":"${event}","bestAvailable":{"quantity":2,"category":"stalls"},"buyer":{"name":"Ada","email":"a@example.org"}}`;
    const other = `{ "buyer": { "email": "a@example.org", "name": "\\u0041da" },\n "bestAvailable": {"category":"stalls","quantity":2.0}, "event": "${event}" }`;
    const first = await post(id, null, { raw: given });
    const again = await post(id, null, { raw: other });
    expect([again.status, replayed(again), again.body]).toEqual([201, 'true', first.body]);
  });

  it('of the best available seats gets the seats of the first time, also when others are better now', async () => {
    const event = await api.event();
    const body = { event, bestAvailable: { quantity: 1, category: 'stalls' }, buyer };
    const better = (await post(randomUUID(), body)).body;
    const id = randomUUID();
    const first = await post(id, body);
    expect(first.body.seats).not.toEqual(better.seats);
    await api.cancel(better.id);
    const again = await post(id, body);
    expect([replayed(again), again.body]).toEqual(['true', first.body]);
  });

  it('fifty times at once makes one reservation', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1', 'A-2'], buyer };
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(id, body)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
    expect(answers.filter((answer) => replayed(answer) === null).length).toBe(1);
    for (const answer of answers) expect(answer.body).toEqual(answers[0]!.body);
    expect((await api.seats(event)).filter((seat) => seat.status === 'held').length).toBe(2);
    expect((await api.history(id)).filter(({ type }) => type === 'reservation.held').length).toBe(
      1,
    );
  });

  it('fifty times at once takes one choice of the best available seats', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, bestAvailable: { quantity: 3, category: 'stalls' }, buyer };
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(id, body)));
    for (const answer of answers)
      expect([answer.status, answer.body]).toEqual([201, answers[0]!.body]);
    expect((await api.seats(event)).filter((seat) => seat.status === 'held').length).toBe(3);
  });

  it('shows a confirmed reservation as it now stands', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1'], buyer };
    const { body: held } = await post(id, body);
    const { body: confirmed } = await api.confirm(held);
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body]).toEqual([201, 'true', confirmed]);
  });

  it('shows a cancelled reservation, and does not take the seats again', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1'], buyer };
    await post(id, body);
    await api.cancel(id);
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body.status]).toEqual([201, 'true', 'cancelled']);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('shows an expired reservation, also when another has its seats now', async () => {
    const [id, event] = [randomUUID(), await api.event({ holdTtlSeconds: 1 })];
    const body = { event, seats: ['A-1'], buyer };
    await post(id, body);
    await api.until(id, 'expired');
    await api.held(event, ['A-1']);
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body.status]).toEqual([201, 'true', 'expired']);
  });

  it('comes before every other check: the end of the sale, the limits', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1', 'A-2'], buyer };
    const { body: held } = await post(id, body);
    const close = sql(
      'test_close_sale',
      `update events set sales_open_at = now() - interval '2 hours', sales_close_at = now() - interval '1 hour', max_seats_per_reservation = 1 where slug = $1`,
    );
    await system.db.run(close, [event]);
    expect(refusal(await api.hold(event, ['A-3']))).toEqual([403, 'sale_not_open']);
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body]).toEqual([201, 'true', held]);
  });

  it('wakes no workflow and writes nothing, also after the workflow has closed', async () => {
    const [id, event] = [randomUUID(), await api.event()];
    const body = { event, seats: ['A-1'], buyer };
    await post(id, body);
    await api.cancel(id);
    await eventually(async () => {
      expect(await countOf('outbox', id)).toBe(0);
    });
    const before = await countOf('history', id);
    const again = await post(id, body);
    expect([again.status, replayed(again), again.body.status]).toEqual([201, 'true', 'cancelled']);
    expect([await countOf('outbox', id), await countOf('history', id)]).toEqual([0, before]);
  });
});

describe('The same key for something else', () => {
  const reused = [422, 'idempotency_key_reused'];

  it('is refused: other seats, the same seats in another order, another buyer, another event', async () => {
    const [id, event, other] = [randomUUID(), await api.event(), await api.event()];
    const body = { event, seats: ['A-1', 'A-2'], buyer };
    await post(id, body);
    for (const change of [
      { seats: ['A-3'] },
      { seats: ['A-2', 'A-1'] },
      { seats: ['A-1'] },
      { buyer: { ...buyer, name: 'Grace' } },
      { event: other },
      { event: 'there-is-none' },
      { seats: ['no-such-seat'] },
      { seats: undefined, bestAvailable: { quantity: 2, category: 'stalls' } },
    ]) {
      expect(refusal(await post(id, { ...body, ...change }))).toEqual(reused);
    }
    expect((await api.seats(other)).every((seat) => seat.status === 'available')).toBe(true);
  });

  it('is refused also when the other body would not validate', async () => {
    const id = randomUUID();
    const body = { event: await api.event(), seats: ['A-1'], buyer };
    await post(id, body);
    expect(refusal(await post(id, { ...body, colour: 'red' }))).toEqual(reused);
    expect(refusal(await post(id, { ...body, seats: [] }))).toEqual(reused);
  });

  it('is refused to another client, who learns nothing of the reservation', async () => {
    const id = randomUUID();
    const body = { event: await api.event(), seats: ['A-1', 'A-2'], buyer };
    const { body: held } = await post(id, body);
    for (const key of [system.info.keys.client2, system.info.keys.operator]) {
      const answer = await post(id, body, { key });
      expect(refusal(answer)).toEqual(reused);
      expect(replayed(answer)).toBeNull();
      expect(answer.headers.get('location')).toBeNull();
      const said = JSON.stringify(answer.body);
      for (const word of ['A-1', buyer.name, buyer.email, held.expiresAt, 'held'])
        expect(said).not.toContain(word);
    }
  });

  it('is refused to another client in the same words whatever the body and the state', async () => {
    const event = await api.event();
    const key = system.info.keys.client2;
    const [heldId, cancelledId] = [randomUUID(), randomUUID()];
    await post(heldId, { event, seats: ['A-1'], buyer });
    await post(cancelledId, { event, seats: ['A-2'], buyer });
    await api.cancel(cancelledId);
    const details = await Promise.all(
      [heldId, cancelledId].flatMap((id) =>
        [['A-1'], ['A-9'], []].map(
          async (seats) => (await post(id, { event, seats, buyer }, { key })).body,
        ),
      ),
    );
    const said = details.map((body) => JSON.stringify({ ...body, instance: null }));
    expect(new Set(said).size).toBe(1);
  });
});

describe('A refused request', () => {
  it('does not use its key up', async () => {
    const event = await api.event();
    const winner = await api.held(event, ['A-1']);
    const id = randomUUID();
    const body = { event, seats: ['A-1', 'A-2'], buyer };
    expect(refusal(await post(id, body))).toEqual([409, 'seats_unavailable']);
    expect((await api.get(id)).status).toBe(404);

    const other = await post(id, { event, seats: ['A-3'], buyer });
    expect([other.status, replayed(other)]).toEqual([201, null]);
    const again = randomUUID();
    expect(refusal(await post(again, body))).toEqual([409, 'seats_unavailable']);
    await api.cancel(winner.id);
    expect((await post(again, body)).status).toBe(201);
  });

  it('leaves its key to whoever uses it first', async () => {
    const event = await api.event();
    await api.held(event, ['A-1']);
    const id = randomUUID();
    expect(refusal(await post(id, { event, seats: ['A-1'], buyer }))).toEqual([
      409,
      'seats_unavailable',
    ]);
    const { status } = await post(
      id,
      { event, seats: ['A-2'], buyer },
      { key: system.info.keys.client2 },
    );
    expect(status).toBe(201);
  });

  it('of any kind does not use its key up', async () => {
    const event = await api.event();
    const closed = await api.event({ salesOpenAt: '2035-01-01T00:00:00Z' });
    const id = randomUUID();
    const good = { event, seats: ['A-1'], buyer };
    expect(refusal(await post(id, { ...good, event: closed }))).toEqual([403, 'sale_not_open']);
    expect(refusal(await post(id, { ...good, event: 'there-is-none' }))).toEqual([
      404,
      'not_found',
    ]);
    expect(refusal(await post(id, { ...good, seats: ['no-such-seat'] }))).toEqual([
      422,
      'validation_failed',
    ]);
    expect(refusal(await post(id, { ...good, colour: 'red' }))).toEqual([422, 'validation_failed']);
    const { status } = await post(id, good);
    expect(status).toBe(201);
  });
});

describe('One key, two bodies at the same time', () => {
  it('make one reservation; the other body is refused', async () => {
    for (let round = 0; round < 5; round++) {
      const [id, event] = [randomUUID(), await api.event()];
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          post(id, { event, seats: [`A-${(index % 2) + 1}`], buyer }),
        ),
      );
      const seats = new Set(
        answers.filter(({ status }) => status === 201).map(({ body }) => body.seats[0]!.label),
      );
      expect(seats.size).toBe(1);
      const refusals = answers
        .filter(({ status }) => status !== 201)
        .map((answer) => refusal(answer));
      expect(refusals).toEqual(Array.from({ length: 5 }, () => [422, 'idempotency_key_reused']));
      expect((await api.seats(event)).filter((seat) => seat.status === 'held').length).toBe(1);
    }
  });
});
