import { randomUUID } from 'node:crypto';
import { createSeatMaps, type SeatMaps } from '../../src/api/seat-maps';
import { sql, type Database } from '../../src/db/database';
import { ApiClient, eventually } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

const CACHE_BYTES = 50_000_000;
const PLACES = 600;

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ childEnv: { RATE_LIMIT: 'off' } });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

/** An event, and its map as a process keeps it, which notes how it reads. */
async function keptMap(): Promise<{
  event: string;
  id: string;
  labels: string[];
  maps: SeatMaps;
  wholeReads: () => number;
}> {
  const event = await api.event({
    sections: [
      { name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 10 }] },
      { name: 'Floor', category: 'floor', places: PLACES },
    ],
  });
  const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`, { key: null });
  const labels = (await api.seats(event)).map(({ label }) => label);
  let whole = 0;
  const watched: Database = {
    ...system.db,
    rows: (statement, values) => {
      if (statement.name === 'seat_map_statuses') whole++;
      return system.db.rows(statement, values);
    },
  };
  const maps = createSeatMaps(watched, CACHE_BYTES);
  await maps.read(body.id);
  whole = 0;
  return { event, id: body.id, labels, maps, wholeReads: () => whole };
}

/** @returns the letters of the map, which are the same as those of a process that reads it for the first time */
async function expectSame(maps: SeatMaps, id: string): Promise<string> {
  let letters = '';
  // A hold may end between the two readings.
  await eventually(async () => {
    const kept = await maps.read(id);
    const anew = await createSeatMaps(system.db, CACHE_BYTES).read(id);
    expect(kept).toEqual(anew);
    ({ letters } = kept);
  });
  return letters;
}

const block = sql(
  'test_block_range',
  `update seats set status = $4 where id in (
     select id from seats where event_id = $1 and status = $5 order by id limit $3 offset $2)`,
);

describe('A map that is kept and brought up to date', () => {
  it('reads the seats that changed, and not the others', async () => {
    const { event, id, labels, maps, wholeReads } = await keptMap();
    const first = await api.held(event, [labels[0]!, labels[300]!]);
    await expectSame(maps, id);
    await api.sold(event, [labels[609]!]);
    await api.cancel(first.id);
    const letters = await expectSame(maps, id);
    expect([letters[0], letters[300], letters[609]]).toEqual(['a', 'a', 's']);
    expect(wholeReads()).toBe(0);
  });

  it('sees a hold end, which nobody writes, without reading the others', async () => {
    const { event, id, labels, maps, wholeReads } = await keptMap();
    await setHoldTtl(system.db, event, 2);
    await api.held(event, [labels[5]!]);
    await setHoldTtl(system.db, event, 600);
    await api.held(event, [labels[6]!]);
    expect((await maps.read(id)).letters.slice(4, 8)).toBe('ahha');
    await eventually(async () => {
      expect((await maps.read(id)).letters.slice(4, 8)).toBe('aaha');
    });
    await expectSame(maps, id);
    expect(wholeReads()).toBe(0);
  });

  it('knows ends that it read with the whole map as well', async () => {
    const { event, id, labels } = await keptMap();
    await setHoldTtl(system.db, event, 2);
    await api.held(event, [labels[5]!]);
    const maps = createSeatMaps(system.db, CACHE_BYTES);
    expect((await maps.read(id)).letters[5]).toBe('h');
    await eventually(async () => {
      expect((await maps.read(id)).letters[5]).toBe('a');
    });
  });

  it('sees each transaction when it commits, in whatever order they do', async () => {
    const { id, maps } = await keptMap();
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let written = (): void => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const early = system.db.transaction(async (tx) => {
      await tx.run(block, [id, 0, 1, 'blocked', 'available']);
      written();
      await mayCommit;
    });
    await isWritten;
    await system.db.run(block, [id, 3, 2, 'blocked', 'available']);
    expect((await maps.read(id)).letters.slice(0, 6)).toBe('aaabba');
    await maps.read(id);
    commit();
    await early;
    expect((await maps.read(id)).letters.slice(0, 6)).toBe('baabba');
  });

  it('reads all after a transaction that changed many seats, also by many statements', async () => {
    const { id, maps, wholeReads } = await keptMap();
    await system.db.run(block, [id, 10, 500, 'blocked', 'available']);
    await expectSame(maps, id);
    expect(wholeReads()).toBe(1);
    await system.db.transaction(async (tx) => {
      for (let time = 0; time < 5; time++)
        await tx.run(block, [id, 0, 100, 'available', 'blocked']);
    });
    await expectSame(maps, id);
    expect(wholeReads()).toBe(2);
  });

  it('is the same as one that is read anew, after any mixture of what changes a map', async () => {
    const { event, id, labels, maps, wholeReads } = await keptMap();
    const operator = system.info.keys.operator;
    const headers = () => ({ 'idempotency-key': randomUUID() });
    const held: string[] = [];
    const any = () => labels[Math.floor(Math.random() * labels.length)]!;
    const edit = async (change: object) => {
      const { headers: now } = await api.call('GET', `/v1/events/${event}`, { key: operator });
      const answer = await api.call('PATCH', `/v1/events/${event}`, {
        key: operator,
        body: change,
        headers: { 'if-match': now.get('etag')! },
      });
      expect(answer.status).toBe(200);
    };
    const deeds: Record<string, () => Promise<unknown>> = {
      async hold() {
        await setHoldTtl(system.db, event, Math.random() < 0.5 ? 1 : 600);
        const answer = await api.hold(event, [...new Set([any(), any()])]);
        if (answer.status === 201) held.push(answer.body.id);
      },
      cancel: async () => api.cancel(held.pop()!),
      block: async () => system.db.run(block, [id, 50, 30, 'blocked', 'available']),
      open: async () => system.db.run(block, [id, 0, 30, 'available', 'blocked']),
      blockMany: async () => system.db.run(block, [id, 20, 250, 'blocked', 'available']),
      openMany: async () => system.db.run(block, [id, 0, 250, 'available', 'blocked']),
      allot: async () =>
        api.call('POST', `/v1/events/${event}/allotments`, {
          key: operator,
          headers: headers(),
          body: {
            name: 'Sponsors',
            seats: [any()],
            until: new Date(Date.now() + (Math.random() < 0.5 ? 1500 : 3_600_000)).toISOString(),
          },
        }),
      price: async () =>
        edit({
          categories: [
            { code: 'floor', name: 'Floor', price: Math.floor(Math.random() * 1000) + 100 },
          ],
        }),
    };
    const done = new Map<string, number>();
    for (let step = 0; step < 120; step++) {
      const names = Object.keys(deeds);
      const name = names[Math.floor(Math.random() * names.length)]!;
      await deeds[name]!();
      done.set(name, (done.get(name) ?? 0) + 1);
      await expectSame(maps, id);
    }
    expect([...done.keys()].sort()).toEqual(Object.keys(deeds).sort());
    // Otherwise nothing was brought up to date.
    expect(wholeReads()).toBeLessThan(100);
  });
});
