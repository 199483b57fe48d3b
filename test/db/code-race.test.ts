import { setTimeout as delay } from 'node:timers/promises';
import { createCode, NO_CODE_RULES } from '../../src/db/codes';
import { sql, type Database } from '../../src/db/database';
import { createEvent } from '../../src/db/events';
import { NOTHING_MORE, takeSeats, type HoldRequest } from '../../src/db/holds';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

/** Asked for: 20 seeds of 1,000 buyers. Here as many as a test may take. */
const SEEDS = Number(process.env.CODE_RACE_SEEDS ?? 3);
const BUYERS = Number(process.env.CODE_RACE_BUYERS ?? 300);
const USES = 50;
const AT_ONCE = 16;

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: AT_ONCE });
});
afterAll(() => db.close());

class RolledBack extends Error {}

/** A hold whose transaction is undone after all its work, as if its process had died. */
async function undone(request: HoldRequest): Promise<'undone'> {
  const undoing = db.transaction(async (tx) => {
    const inTransaction: Database = {
      ...db,
      rows: (...args) => tx.rows(...args),
      run: (...args) => tx.run(...args),
      connected: (work) => work(tx),
    };
    await takeSeats(inTransaction, request);
    // Others wait for the use that this one takes.
    await delay(10);
    throw new RolledBack();
  });
  await undoing.catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  return 'undone';
}

/** A pseudo-random order that a seed gives. */
function* randomFrom(seed: number): Generator<number> {
  let state = seed;
  for (;;) yield (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

async function race(seed: number): Promise<Record<string, number>> {
  const slug = `race-${seed}`;
  const code = `RACE-${seed}`;
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug,
    name: slug,
    maxSeatsPerReservation: 2,
    categories: [{ code: 'floor', name: 'Floor', price: 100 }],
    seats: layOutSeats([{ name: 'Floor', category: 'floor', places: BUYERS }]).seats,
  });
  await createCode(db, { ...NO_CODE_RULES, code, percent: '10', maxUses: USES }, null);

  const random = randomFrom(seed);
  const buyers = Array.from({ length: BUYERS }, (_, index) => ({
    index,
    at: random.next().value as number,
  }))
    .sort((a, b) => a.at - b.at)
    .map(({ index }, turn) => ({ index, isUndone: turn % 5 === 4 }));
  const kinds: Record<string, number> = {};
  const work = async () => {
    for (let one = buyers.pop(); one; one = buyers.pop()) {
      const request: HoldRequest = {
        ...NOTHING_MORE,
        id: `race-${seed}-buyer-${one.index}`,
        client: 'shop',
        fingerprint: Buffer.alloc(32),
        seats: [{ event: slug, label: `Floor-${one.index + 1}`, priceType: null }],
        buyer: { name: 'Ada', email: `ada-${one.index}@example.org` },
        code,
        defaultTtlSeconds: 600,
        buyerCap: null,
        actor: 'client:shop',
      };
      const kind = one.isUndone ? await undone(request) : (await takeSeats(db, request)).kind;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return kinds;
}

test('a crowd on a code gets every one of its uses and no more, whatever is rolled back', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const rolledBack = Math.floor(BUYERS / 5);
    expect(await race(seed)).toEqual({
      held: USES,
      undone: rolledBack,
      code_used_up: BUYERS - rolledBack - USES,
    });
    const taken = sql<{ taken: number }>(
      'taken',
      `select count(*) as taken from code_uses u join codes k on k.id = u.code_id where k.code = $1 and u.status = 'held'`,
    );
    expect(await db.rows(taken, [`RACE-${seed}`])).toEqual([{ taken: USES }]);
  }
});
