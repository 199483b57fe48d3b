import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fillBigDatabase, sizeOf } from '../../proof/big-database/fill';
import { measureBigDatabase } from '../../proof/big-database/measure';
import { createDatabase, sql, type Database } from '../../src/db/database';
import { createTestDatabase } from '../support/system';

const MIGRATE = join(__dirname, '../../dist/src/cli/migrate.js');
/** The machine does other things beside the tests; what reads a whole table is far slower than that. */
const SLOWNESS = 20;

let db: Database;

beforeAll(async () => {
  const url = await createTestDatabase();
  execFileSync(process.execPath, [MIGRATE], { env: { PATH: process.env.PATH, DATABASE_URL: url } });
  db = createDatabase({
    url,
    pool: 2,
    prepared: false,
    applicationName: 'holdfast-test',
    queryTimeoutMs: 300_000,
  });
  await fillBigDatabase(db, sizeOf(50_000));
});
afterAll(() => db.close());

describe('On a database of 50,000 reservations', () => {
  it('no statement of relay, sweep, housekeeping, metrics, feed and lists reads a whole table', async () => {
    const results = await measureBigDatabase(db, SLOWNESS);
    expect(results.length).toBeGreaterThan(60);
    const ofTheFeed = results.filter(({ of }) => of === 'feed').map(({ name }) => name);
    expect(ofTheFeed).toEqual(
      expect.arrayContaining(['feed_read_all', 'feed_read_of_client', 'feed_number']),
    );
    expect(results.filter(({ complaint }) => complaint !== null)).toEqual([]);
    // Those of lists and feed read or write up to a thousand things.
    for (const { of, name, buffers } of results.filter(
      (one) => one.of !== 'lists' && one.of !== 'feed',
    ))
      expect([of, name, buffers < 2000]).toEqual([of, name, true]);
  });

  it('a statement without its index is found', async () => {
    await db.run(
      sql(
        '',
        'drop index reservations_by_status, reservations_open_in_order, reservations_open_by_buyer, feed_by_client',
      ),
    );
    const results = await measureBigDatabase(db, SLOWNESS);
    const found = results.filter(({ complaint }) => complaint !== null).map(({ name }) => name);
    expect(found).toEqual(expect.arrayContaining(['sweep_take_expire', 'feed_read_of_client']));
  });
});
