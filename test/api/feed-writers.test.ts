import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../src/db/database';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

interface Entry {
  sequence: number;
  type: string;
  reservation: string | null;
}

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({
    workers: ['reservations,documents,mail,relay', 'relay'],
    // The writers kill themselves after one commit of twenty.
    workerEnv: { HOLDFAST_FAULTS: 'feed.numbered=0.05' },
  });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

describe('The feed of writers that die and stand still', () => {
  it('has each entry once, and nothing appears below a number that was read', async () => {
    const seen: Entry[] = [];
    const over = new AbortController();
    const reader = (async () => {
      let query = '';
      for (let last = 0; last < 3;) {
        const { status, body } = await api.call<{ data: Entry[]; next: string }>(
          'GET',
          `/v1/feed?wait=1&limit=500${query}`,
          { key: system.info.keys.operator },
        );
        if (status !== 200) throw new Error(JSON.stringify(body));
        seen.push(...body.data);
        query = `&after=${body.next}`;
        if (over.signal.aborted && body.data.length === 0) last++;
      }
    })();
    const event = await api.event({
      sections: [{ name: 'Floor', category: 'floor', places: 400 }],
    });
    const ids: string[] = [];
    let isHolding = true;
    const buyers = Array.from({ length: 3 }, async (_, buyer) => {
      for (let turn = 0; isHolding; turn++) {
        const held = await api.held(event, [`Floor-${buyer * 120 + turn + 1}`]);
        ids.push(held.id);
        await api.cancel(held.id);
        await delay(50);
        if (turn > 110) break;
      }
    });
    await delay(1000);
    // One that has just killed itself has a successor in a moment.
    const frozen = await eventually(() => {
      const pid = system.stack.pids().workers[1]!;
      process.kill(pid, 'SIGSTOP');
      return pid;
    });
    try {
      await delay(8000);
    } finally {
      try {
        process.kill(frozen, 'SIGCONT');
      } catch {
        // Something else has ended it.
      }
    }
    await delay(2000);
    await eventually(() => expect(ids.length).toBeGreaterThan(20));
    isHolding = false;
    await Promise.all(buyers);
    await eventually(async () => {
      const [row] = await system.db.rows(
        sql<{ left: number }>(
          'unnumbered',
          `select (select count(*) from history h where not exists (select from feed f where f.history_id = h.id))
                  + (select count(*) from reservations where status = 'held') as left`,
        ),
      );
      expect(row!.left).toBe(0);
    });
    over.abort();
    await reader;
    expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, index) => index + 1));
    for (const id of ids) {
      const types = seen.filter(({ reservation }) => reservation === id).map(({ type }) => type);
      expect(types).toEqual([
        'reservation.held',
        'reservation.cancel_requested',
        'reservation.cancelled',
      ]);
    }
  });
});
