import { sql, type Database } from '../../src/db/database';
import { deliverDue } from '../../src/db/outbox';
import { openTestDatabase } from '../support/system';

const COMMIT = sql<{ synchronous_commit: string }>(
  'test_show_commit',
  `select current_setting('synchronous_commit') as synchronous_commit`,
);
const SPOIL = sql('test_spoil', 'select 1 / 0');

describe('A transaction waits for the disk', () => {
  let db: Database;
  beforeAll(async () => {
    // One connection: what a transaction leaves behind, the next one would see.
    db = await openTestDatabase({ pool: 1 });
  });
  afterAll(() => db.close());

  const commitOf = async (transaction: Promise<{ synchronous_commit: string }[]>) =>
    (await transaction)[0]!.synchronous_commit;

  it('unless it says otherwise, and that for itself alone, whether it succeeds or fails', async () => {
    const durable = () => commitOf(db.transaction((tx) => tx.rows(COMMIT)));
    const asynchronous = { asynchronous: true };
    expect(await durable()).toBe('on');
    expect(await commitOf(db.transaction((tx) => tx.rows(COMMIT), asynchronous))).toBe('off');
    expect(await durable()).toBe('on');
    await expect(db.transaction((tx) => tx.rows(SPOIL), asynchronous)).rejects.toThrow('zero');
    expect([await durable(), await commitOf(db.rows(COMMIT))]).toEqual(['on', 'on']);
  });

  it('but not to delete what Temporal has been told', async () => {
    const asked: unknown[] = [];
    const watched: Database = {
      ...db,
      transaction: (work, options) => {
        asked.push(options);
        return db.transaction(work, options);
      },
    };
    const lane = { queue: 'starts', lane: 'first', reach: 'all', limit: 1 } as const;
    await deliverDue(watched, lane, () => Promise.resolve(new Map()));
    expect(asked).toEqual([{ asynchronous: true }]);
  });
});
