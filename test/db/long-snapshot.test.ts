import { explaining, type Measured } from '../../proof/big-database/explain';
import { sql, type Database, type Queryable } from '../../src/db/database';
import { lookIntoOutbox, type Reach } from '../../src/db/outbox';
import { readChanges } from '../../src/db/seat-map';
import { openTestDatabase } from '../support/system';

/** Of starts that were told to Temporal while the long transaction stood. */
const DELETED = 20_000;
const NOW = 100;

let db: Database;
let endSnapshot: () => Promise<void>;

/** As `pg_dump` and a long `verify` have it. */
async function openSnapshot(): Promise<() => Promise<void>> {
  const client = await db.pool.connect();
  await client.query('begin isolation level repeatable read');
  await client.query('select count(*) from outbox');
  return async () => {
    await client.query('rollback');
    client.release();
  };
}

const raw = (text: string, values: unknown[] = []) => db.rows(sql('', text), values);

/** @returns how the one statement of `work` ran: pages that were read, and milliseconds */
async function measured(
  work: (queryable: Queryable) => Promise<unknown>,
): Promise<{ pages: number; ms: number }> {
  const runs: Measured[] = [];
  await work(explaining(db, (run) => void runs.push(run)));
  const [{ buffers: pages, ms }] = runs as [Measured];
  return { pages, ms };
}

beforeAll(async () => {
  db = await openTestDatabase({ pool: 4, prepared: false, queryTimeoutMs: 60_000 });
  endSnapshot = await openSnapshot();
  const insert = `insert into outbox (kind, subject, not_before)
     select 'start', 'started-' || n, clock_timestamp() - $2 * interval '1 second' from generate_series(1, $1) n`;
  await raw(insert, [DELETED, 300]);
  await raw(insert, [NOW, 1]);
  await raw('delete from outbox');
  await raw('vacuum analyze outbox');
});
afterAll(async () => {
  await endSnapshot();
  await db.close();
});

describe('While a transaction stands whose snapshot is old, and nothing that was deleted can be removed,', () => {
  const look = (reach: Reach) =>
    measured((queryable) => lookIntoOutbox(queryable, { queue: 'starts', lane: 'first', reach }));

  it('a look into the outbox passes over what was deleted in the last minute, and not all', async () => {
    const recent = await look('recent');
    const all = await look('all');
    process.stdout.write(
      `after ${DELETED} deleted entries: a recent look ${recent.pages} pages, ${recent.ms.toFixed(2)} ms; ` +
        `one at all ${all.pages} pages, ${all.ms.toFixed(2)} ms\n`,
    );
    // Otherwise the test would not show anything.
    expect(all.pages).toBeGreaterThan(200);
    expect(recent.pages).toBeLessThan(all.pages / 10);
  });

  it('a look at a map passes over the changes since its snapshot, and not all', async () => {
    const events = await raw(
      `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
       values ('long', 'Long', now() + interval '9 days', 'Europe/Prague', 'EUR', 10) returning id`,
    );
    const { id } = events[0] as { id: string };
    // One transaction each, so that each has an id of its own.
    await db.connected(async (connection) => {
      const change = sql(
        'test_change',
        `insert into map_changes (xid, event_id, seats) values (pg_current_xact_id(), $1, '{1}')`,
      );
      for (let time = 0; time < 3000; time++) await connection.run(change, [id]);
    });
    await raw('delete from map_changes');
    const [row] = await raw('select pg_current_snapshot()::text as snapshot');
    const { snapshot } = row as { snapshot: string };
    const { pages } = await measured((queryable) =>
      readChanges(queryable, id, { snapshot, due: [] }),
    );
    expect(pages).toBeLessThan(60);
  });
});
