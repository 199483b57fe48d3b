import { randomUUID } from 'node:crypto';
import { sql, type Database } from '../../src/db/database';
import { createEvent } from '../../src/db/events';
import { NOTHING_MORE, takeSeats, type HoldRequest } from '../../src/db/holds';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

const SLUG = 'edited-all-the-time';
const EDITORS = 2;
const BUYERS = 6;
const MILLISECONDS = Number(process.env.EDIT_RACE_MS ?? 1500);

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: EDITORS + BUYERS });
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug: SLUG,
    name: 'Edited all the time',
    maxSeatsPerReservation: 2,
    categories: [{ code: 'floor', name: 'Floor', price: 100 }],
    seats: layOutSeats([{ name: 'Floor', category: 'floor', places: 2 }]).seats,
  });
});
afterAll(() => db.close());

const hold = (): HoldRequest => ({
  ...NOTHING_MORE,
  id: randomUUID(),
  client: 'shop',
  fingerprint: Buffer.alloc(32),
  seats: ['Floor-1', 'Floor-2'].map((label) => ({ event: SLUG, label, priceType: null })),
  buyer: { name: 'Ada', email: 'ada@example.org' },
  defaultTtlSeconds: 600,
  buyerCap: null,
  actor: 'client:shop',
});

it.each<[string, string, string]>([
  ['paused', 'sales_paused = not sales_paused', 'sale_paused'],
  ['given another limit', 'max_seats_per_reservation = 3 - max_seats_per_reservation', 'limit'],
  [
    'closed',
    `sales_close_at = case when sales_close_at is null then now() - interval '1 hour' end`,
    'sale_not_open',
  ],
  [
    'given another address',
    `slug = case slug when '${SLUG}' then 'elsewhere' else '${SLUG}' end`,
    'unknown_event',
  ],
])(
  'the refusal of a hold is of one moment, while its event is %s and back',
  async (_name, change, refusal) => {
    const { id } = (await db.rows<{ id: string }>(sql('the_event', 'select id from events')))[0]!;
    const asBefore = `sales_paused = false, max_seats_per_reservation = 2, sales_close_at = null`;
    await db.run(sql('as_before', `update events set ${asBefore}, slug = $1`), [SLUG]);
    const edit = sql(`edit_${refusal}`, `update events set ${change} where id = $1`);
    // In the order in which a hold locks them.
    const locked = sql('lock_all', 'select from seats order by id for update');
    const freed = sql(
      'free_all',
      `with allocated as (delete from allocations)
       update seats set status = 'available', reservation_id = null, hold_ends_at = null`,
    );
    const freeAll = () =>
      db.transaction(async (tx) => {
        await tx.rows(locked);
        await tx.run(freed);
      });
    let isOver = false;
    const kinds = new Map<string, number>();
    const buy = async () => {
      while (!isOver) {
        const result = await takeSeats(db, hold());
        expect(result).toHaveProperty('kind');
        if (result.kind === refusal && result.kind !== 'limit')
          expect(result).toMatchObject({ event: SLUG });
        if (result.kind === 'limit') expect(result).toMatchObject({ event: SLUG, limit: 1 });
        if (result.kind === 'held') await freeAll();
        kinds.set(result.kind, (kinds.get(result.kind) ?? 0) + 1);
      }
    };
    const editing = async () => {
      while (!isOver) await db.run(edit, [id]);
    };
    const all = [
      ...Array.from({ length: BUYERS }, buy),
      ...Array.from({ length: EDITORS }, editing),
    ].map((work) => work.finally(() => (isOver = true)));
    setTimeout(() => (isOver = true), MILLISECONDS);
    for (const outcome of await Promise.allSettled(all))
      if (outcome.status === 'rejected') throw outcome.reason;
    expect(kinds.get(refusal)).toBeGreaterThan(0);
  },
);
