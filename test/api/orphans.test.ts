import { randomUUID } from 'node:crypto';
import {
  ApiClient,
  refusal,
  type Answer,
  type CallOptions,
  type Reservation,
} from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

type Row = Record<string, unknown>;

const house = (orphanRule: string, rows: Row[]) =>
  api.event({
    orphanRule,
    categories: [{ code: 'stalls', name: 'Stalls', price: 1000 }],
    sections: [{ name: 'Stalls', category: 'stalls', rows }],
  });

const order = (body: Record<string, unknown>, options: CallOptions = {}) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: { buyer: { name: 'Ada', email: `${randomUUID()}@example.org` }, ...body },
    headers: { 'idempotency-key': randomUUID() },
    ...options,
  });

const best = (event: string, quantity: number, more: Record<string, unknown> = {}) =>
  order({ event, bestAvailable: { category: 'stalls', quantity, ...more } });

/** What was held; an answer that is none fails by its code. */
const labelsOf = (answer: Answer<Reservation>): string[] =>
  answer.status === 201 ? answer.body.seats.map(({ label }) => label) : refusal(answer).map(String);

describe('An event that forbids orphans', () => {
  it('refuses named seats that would leave one, by the names of those left alone', async () => {
    const event = await house('forbid', [{ name: 'A', seats: 8 }]);
    const answer = await api.hold(event, ['A-2', 'A-3']);
    expect(refusal(answer)).toEqual([409, 'orphan_seat']);
    expect(answer.body).toMatchObject({
      seats: ['A-1'],
      unavailable: [{ event, label: 'A-1' }],
    });
    expect((await api.seats(event)).every(({ status }) => status === 'available')).toBe(true);
    await api.held(event, ['A-1', 'A-2']);
    expect(refusal(await api.hold(event, ['A-4']))).toEqual([409, 'orphan_seat']);
    await api.held(event, ['A-3']);
    // Taken comes before all that.
    expect(refusal(await api.hold(event, ['A-3', 'A-5']))).toEqual([409, 'seats_unavailable']);
  });

  it('judges a change by what is free after it, what it gives back included', async () => {
    const event = await house('forbid', [{ name: 'A', seats: 8 }]);
    const held = await api.held(event, ['A-1', 'A-2', 'A-3']);
    const swap = (seat: string, other: string) =>
      api.call('POST', `/v1/reservations/${held.id}/changes`, {
        body: { release: [seat], take: [{ event, seats: [other] }] },
        headers: { 'idempotency-key': randomUUID() },
      });
    const answer = await swap('A-3', 'A-4');
    expect(refusal(answer)).toEqual([409, 'orphan_seat']);
    expect(answer.body).toMatchObject({ seats: ['A-3'] });
    // are free side by side then.
    expect((await swap('A-3', 'A-5')).status).toBe(201);
  });

  it('counts an aisle as the end of a row', async () => {
    const event = await house('forbid', [
      { name: 'A', numbers: ['1', '2', '3', null, '4', '5', '6', '7'] },
    ]);
    expect(refusal(await api.hold(event, ['A-1', 'A-2']))).toEqual([409, 'orphan_seat']);
    await api.held(event, ['A-4', 'A-5']);
  });

  it('lets through what has no other choice of that size in its row', async () => {
    const event = await house('forbid', [
      { name: 'A', seats: 3 },
      { name: 'B', seats: 8 },
    ]);
    await api.held(event, ['A-1', 'A-2']);
    expect(labelsOf(await api.hold(event, ['A-3']))).toEqual(['A-3']);
  });

  it('answers a known key with its reservation, whatever has become of the row', async () => {
    const event = await house('forbid', [{ name: 'A', seats: 8 }]);
    const id = randomUUID();
    const first = await api.hold(event, ['A-1', 'A-2'], { id });
    expect(first.status).toBe(201);
    const again = await api.hold(event, ['A-1', 'A-2'], { id });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    await api.cancel(id);
    await api.until(id, 'cancelled');
    await api.held(event, ['A-2', 'A-1']);
  });

  it('of two buyers at once whose seats together would leave one serves the first alone', async () => {
    for (let round = 0; round < 5; round++) {
      const event = await house('forbid', [{ name: 'A', seats: 9 }]);
      const answers = await Promise.all([
        api.hold(event, ['A-3', 'A-4']),
        api.hold(event, ['A-6', 'A-7']),
      ]);
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
    }
  });

  it('binds what is chosen for a buyer too', async () => {
    const event = await house('forbid', [
      { name: 'A', seats: 5 },
      { name: 'B', seats: 6 },
    ]);
    for (const quantity of [2, 3, 3, 3]) expect((await best(event, quantity)).status).toBe(201);
    expect(refusal(await best(event, 1))).toEqual([409, 'seats_unavailable']);
  });
});

describe('An event that prefers no orphans', () => {
  it('leaves none by its own choice where there is another, and lets buyers name what they like', async () => {
    const event = await house('prefer', [
      { name: 'A', seats: 3 },
      { name: 'B', seats: 4 },
    ]);
    expect(labelsOf(await best(event, 2))).toEqual(['B-1', 'B-2']);
    expect(labelsOf(await best(event, 2))).toEqual(['B-3', 'B-4']);
    // There is no other choice any more.
    expect((await best(event, 2)).body.seats).toHaveLength(2);
    const other = await house('prefer', [{ name: 'A', seats: 8 }]);
    expect(labelsOf(await api.hold(other, ['A-2']))).toEqual(['A-2']);
  });

  it('never fails in a crowd while seats are free', async () => {
    const event = await house(
      'prefer',
      Array.from({ length: 10 }, (_, row) => ({ name: `R${row}`, seats: 10 })),
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => best(event, 2)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(201));
  });
});

describe('Accessible and companion places', () => {
  const rows = [
    { name: 'A', seats: 8, accessible: ['4'], companion: ['5'] },
    { name: 'B', seats: 8 },
  ];

  it('are chosen only when asked for, and together', async () => {
    const event = await house('off', rows);
    for (const quantity of [2, 3, 3, 6])
      for (const label of labelsOf(await best(event, quantity)))
        expect(['A-4', 'A-5']).not.toContain(label);
    expect(refusal(await best(event, 1))).toEqual([409, 'seats_unavailable']);
    expect(labelsOf(await best(event, 2, { accessible: 1 }))).toEqual(['A-4', 'A-5']);
    expect(refusal(await best(event, 1, { accessible: 1 }))).toEqual([409, 'seats_unavailable']);
    expect(refusal(await best(event, 1, { accessible: 2 }))).toEqual([422, 'validation_failed']);
  });

  it('are sold when named: a companion place with an accessible one, or by an operator', async () => {
    const event = await house('off', rows);
    const alone = await api.hold(event, ['A-5', 'A-6']);
    expect(refusal(alone)).toEqual([422, 'companion_alone']);
    expect(alone.body).toMatchObject({ errors: [{ path: 'seats.0' }] });
    expect(labelsOf(await api.hold(event, ['A-4', 'A-5']))).toEqual(['A-4', 'A-5']);
    const other = await house('off', rows);
    expect(labelsOf(await api.hold(other, ['A-4']))).toEqual(['A-4']);
    const key = system.info.keys.operator;
    expect(labelsOf(await api.hold(other, ['A-5'], { key }))).toEqual(['A-5']);
  });
});
