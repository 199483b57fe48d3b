import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { createAllotment, deleteAllotment } from '../../src/db/allotments';
import { sql, type Database } from '../../src/db/database';
import { createEvent, findEvent, type OrphanRule } from '../../src/db/events';
import { NOTHING_MORE, takeFirstFree, takeSeats, type HoldRequest } from '../../src/db/holds';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

/** One row: four seats, an aisle, five seats. */
const NUMBERS = ['1', '2', '3', '4', null, '6', '7', '8', '9', '10'];
const POSITIONS = NUMBERS.flatMap((number, index) => (number === null ? [] : [index + 1]));
const RUNS = Number(process.env.ORPHAN_RACE_RUNS ?? 60);

let db: Database;

/** Ends the slow holds of a test that failed before it told them to: else the database waits for them at its close. */
const endings: (() => void)[] = [];

beforeAll(async () => {
  db = await openTestDatabase({ pool: 8, queryTimeoutMs: 120_000 });
});
afterEach(() => {
  for (const end of endings.splice(0)) end();
});
afterAll(() => db.close());

async function newEvent(orphanRule: OrphanRule): Promise<{ id: string; slug: string }> {
  const slug = `row-${randomUUID().slice(0, 8)}`;
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug,
    name: slug,
    maxSeatsPerReservation: 10,
    orphanRule,
    categories: [{ code: 'stalls', name: 'Stalls', price: 100 }],
    seats: layOutSeats([
      { name: 'Hall', category: 'stalls', rows: [{ name: 'A', numbers: NUMBERS }] },
    ]).seats,
  });
  return { id: (await findEvent(db, slug))!.id, slug };
}

const request = (
  slug: string,
  positions: readonly number[],
  { id, allotment }: { id: string; allotment: string | null } = {
    id: randomUUID(),
    allotment: null,
  },
): HoldRequest => ({
  ...NOTHING_MORE,
  id,
  client: 'box-office',
  fingerprint: Buffer.alloc(32),
  seats: positions.map((at) => ({ event: slug, label: `A-${at}`, priceType: null, allotment })),
  buyer: null,
  operator: true,
  defaultTtlSeconds: 600,
  buyerCap: null,
  actor: 'client:box-office',
});

class RolledBack extends Error {}

/** A hold that has done all its work and is committed, or undone, when told. */
async function slowly(
  hold: HoldRequest,
): Promise<{ end: (commit: boolean) => void; done: Promise<string> }> {
  let end!: (commit: boolean) => void;
  let worked!: () => void;
  const work = new Promise<void>((resolve) => (worked = resolve));
  const told = new Promise<boolean>((resolve) => (end = resolve));
  endings.push(() => end(false));
  const done = db
    .transaction(async (tx) => {
      const within: Database = {
        ...db,
        rows: (...args) => tx.rows(...args),
        run: (...args) => tx.run(...args),
        connected: (work) => work(tx),
      };
      const { kind } = await takeSeats(within, hold);
      worked();
      if (!(await told)) throw new RolledBack();
      return kind;
    })
    .catch((error: unknown) => {
      if (error instanceof RolledBack) return 'undone';
      throw error;
    });
  await Promise.race([work, done]);
  return { end, done };
}

describe('Two holds that leave a seat alone, each or together,', () => {
  it.each([
    [true, 'orphan'],
    [false, 'held'],
  ])('are decided one after the other (the first commits: %s)', async (commits, expected) => {
    const { slug } = await newEvent('forbid');
    const first = await slowly(request(slug, [6]));
    let answered = false;
    const second = takeSeats(db, request(slug, [8])).finally(() => (answered = true));
    await delay(300);
    expect(answered).toBe(false);
    first.end(commits);
    expect(await first.done).toBe(commits ? 'held' : 'undone');
    const result = await second;
    expect(result.kind).toBe(expected);
    if (result.kind === 'orphan') expect(result.seats).toEqual([{ event: slug, label: 'A-7' }]);
  });

  it.each([
    [true, 'orphan'],
    [false, 'held'],
  ])(
    'for want of another choice are decided one after the other, however far apart (the first commits: %s)',
    async (commits, expected) => {
      const { slug } = await newEvent('forbid');
      // Left are 2 and 3, 6 and 7, 9 and 10: each of these six leaves its neighbour alone, so each may be taken.
      for (const positions of [[1, 4], [8]])
        expect((await takeSeats(db, request(slug, positions))).kind).toBe('held');
      const first = await slowly(request(slug, [2]));
      let answered = false;
      const second = takeSeats(db, request(slug, [9])).finally(() => (answered = true));
      await delay(300);
      expect(answered).toBe(false);
      first.end(commits);
      expect(await first.done).toBe(commits ? 'held' : 'undone');
      // After the first, 3 is a choice that leaves no seat alone.
      expect((await second).kind).toBe(expected);
    },
  );

  it.each(['off', 'prefer'] as const)(
    'do not wait for each other where the rule is %s',
    async (rule) => {
      const { slug } = await newEvent(rule);
      const first = await slowly(request(slug, [6]));
      expect((await takeSeats(db, request(slug, [8]))).kind).toBe('held');
      first.end(true);
      expect(await first.done).toBe('held');
    },
  );
});

describe('A choice in one transaction', () => {
  it('passes over what somebody is taking, and waits for nobody', async () => {
    const { slug } = await newEvent('off');
    const first = await slowly(request(slug, [6, 7]));
    const { seats: _, ...asked } = request(slug, []);
    const choices = [
      [6, 7],
      [7, 8],
      [8, 9],
    ].map((positions) => request(slug, positions).seats);
    const result = await takeFirstFree(db, asked, [{ allotment: null, choices }]);
    expect(result).toMatchObject({
      kind: 'held',
      reservation: { seats: [{ label: 'A-8' }, { label: 'A-9' }] },
    });
    const { seats: __, ...other } = request(slug, []);
    expect(
      await takeFirstFree(db, other, [{ allotment: null, choices: choices.slice(0, 2) }]),
    ).toBeNull();
    first.end(false);
    expect(await first.done).toBe('undone');
    // Nothing of what was passed over is kept.
    expect((await takeSeats(db, request(slug, [6, 7]))).kind).toBe('held');
  });
});

/** Who has a seat: its hold; and the allotment that it is in. By position. */
interface State {
  holds: Map<number, string>;
  allotments: Map<number, string>;
}

type Outcome = 'held' | 'orphan' | 'taken' | 'allotted' | 'done';
type Action =
  | { do: 'hold'; id: string; positions: number[]; from: string | null }
  | { do: 'allot'; name: string; positions: number[] }
  | { do: 'until'; name: string }
  | { do: 'release'; id: string };

/** What the rules say of an action, by brute force; the state becomes what it is after it. */
function decide(state: State, action: Action): Outcome {
  const { holds, allotments } = state;
  const isFree = (at: number, from: string | null) =>
    POSITIONS.includes(at) &&
    !holds.has(at) &&
    (!allotments.has(at) || allotments.get(at) === from);
  switch (action.do) {
    case 'until':
      for (const [at, name] of allotments) if (name === action.name) allotments.delete(at);
      return 'done';
    case 'release':
      for (const [at, id] of holds) if (id === action.id) holds.delete(at);
      return 'done';
    case 'allot':
      if (!action.positions.every((at) => isFree(at, null))) return 'taken';
      for (const at of action.positions) allotments.set(at, action.name);
      return 'allotted';
    case 'hold': {
      const { positions, from } = action;
      if (!positions.every((at) => isFree(at, from))) return 'taken';
      const leaves = (ours: readonly number[]) => {
        const isLeft = (at: number) => isFree(at, from) && !ours.includes(at);
        return POSITIONS.some(
          (at) =>
            isLeft(at) &&
            !isLeft(at - 1) &&
            !isLeft(at + 1) &&
            (ours.includes(at - 1) || ours.includes(at + 1)),
        );
      };
      const others = POSITIONS.map((first) => positions.map((_, index) => first + index)).filter(
        (run) => run.every((at) => isFree(at, from)),
      );
      if (leaves(positions) && others.some((run) => !leaves(run))) return 'orphan';
      for (const at of positions) holds.set(at, action.id);
      return 'held';
    }
  }
}

const copyOf = ({ holds, allotments }: State): State => ({
  holds: new Map(holds),
  allotments: new Map(allotments),
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]),
  );
}

const positions = fc.oneof(
  fc
    .tuple(fc.nat(POSITIONS.length - 1), fc.integer({ min: 1, max: 3 }))
    .map(([first, count]) => POSITIONS.slice(first, first + count)),
  fc.subarray(POSITIONS, { minLength: 1, maxLength: 3 }),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('hold' as const), positions, from: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('allot' as const), positions }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('until' as const), one: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), one: fc.nat(5) }) },
);

const RELEASE = sql('release', `select change_claims('release', $1)`);
const STATE = sql<{ number: number; held: boolean; kept: boolean }>(
  'state',
  `select number, status = 'held' as held, coalesce(allotment_until > clock_timestamp(), false) as kept
     from seats where event_id = $1 order by number`,
);

describe('Whatever happens at once in a row', () => {
  it('comes out as if it had happened one after the other, and by the rule', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 6 }),
        async (batches) => {
          const { id: eventId, slug } = await newEvent('forbid');
          let state: State = { holds: new Map(), allotments: new Map() };
          const ids = new Map<string, string>();

          const perform = async (action: Action): Promise<Outcome> => {
            switch (action.do) {
              case 'hold': {
                const allotment = action.from === null ? null : ids.get(action.from)!;
                const { kind } = await takeSeats(
                  db,
                  request(slug, action.positions, { id: action.id, allotment }),
                );
                return kind as Outcome;
              }
              case 'allot': {
                const labels = action.positions.map((at) => `A-${at}`);
                const made = await createAllotment(
                  db,
                  eventId,
                  { name: action.name, client: null, until: null, seats: { labels } },
                  {
                    request: {
                      client: 'box-office',
                      call: 'createAllotment',
                      resource: eventId,
                      key: action.name,
                      fingerprint: Buffer.alloc(32),
                    },
                    actor: 'operator:box-office',
                  },
                );
                if (made.kind !== 'created') return 'taken';
                ids.set(action.name, made.id);
                return 'allotted';
              }
              case 'until':
                await deleteAllotment(db, ids.get(action.name)!, 'system');
                return 'done';
              case 'release':
                await db.rows(RELEASE, [action.id]);
                return 'done';
            }
          };

          for (const batch of batches) {
            const held = [...new Set(state.holds.values())];
            const kept = [...ids.keys()];
            const actions = batch.flatMap((one): Action[] => {
              if (one.do === 'hold') {
                const from = kept[one.from] ?? null;
                return [{ ...one, id: `hold-${randomUUID()}`, from }];
              }
              if (one.do === 'allot') return [{ ...one, name: `allot-${randomUUID()}` }];
              if (one.do === 'until')
                return kept[one.one] ? [{ do: 'until', name: kept[one.one]! }] : [];
              return held[one.one] ? [{ do: 'release', id: held[one.one]! }] : [];
            });
            const outcomes = await Promise.all(actions.map(perform));
            const explained = permutations(actions.map((_, index) => index)).flatMap((order) => {
              const after = copyOf(state);
              const said = order.map((index) => decide(after, actions[index]!));
              return order.every((index, at) => said[at] === outcomes[index]) ? [after] : [];
            });
            if (explained.length === 0)
              throw new Error(`No order explains ${JSON.stringify({ actions, outcomes })}`);
            const rows = await db.rows(STATE, [eventId]);
            const matching = explained.find(({ holds, allotments }) =>
              rows.every(
                ({ number, held, kept }) =>
                  holds.has(number) === held && allotments.has(number) === kept,
              ),
            );
            expect(matching).toBeDefined();
            state = matching!;
          }
        },
      ),
      { numRuns: RUNS },
    );
  }, 600_000);
});
