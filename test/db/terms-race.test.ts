import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createChange } from '../../src/db/changes';
import { sql, type Database } from '../../src/db/database';
import { updateEvent } from '../../src/db/event-edits';
import { createEvent, findEvent } from '../../src/db/events';
import { NOTHING_MORE, takeSeats } from '../../src/db/holds';
import { PLAIN, type Pricing } from '../../src/domain/pricing';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

const LOCK_SEATS = sql(
  'test_lock_seats',
  'select from seats s join events e on e.id = s.event_id where e.slug = $1 for update of s',
);
const LOCK_CATEGORIES = sql(
  'test_lock_categories',
  'select from price_categories c join events e on e.id = c.event_id where e.slug = $1 for update of c',
);
const WAITING = sql<{ waiting: number }>(
  'test_waiting',
  `select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
);
const CHARGED = sql<{ total: number; fees: { amount: number }[] | null }>(
  'test_charged',
  'select total, fees from reservations where id = $1',
);
const CATEGORIES = [{ code: 'floor', name: 'Floor', price: 1000 }];

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 6 });
});
afterAll(() => db.close());

const fee = (amount: number): Pricing => ({
  ...PLAIN,
  fees: [
    { code: 'booking', name: 'Booking', per: 'ticket', amount, percent: null, refundable: true },
  ],
});

async function eventWith(pricing: Pricing | null): Promise<string> {
  const slug = `terms-${randomUUID().slice(0, 8)}`;
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug,
    name: slug,
    maxSeatsPerReservation: 5,
    pricing,
    categories: CATEGORIES,
    seats: layOutSeats([{ name: 'Floor', category: 'floor', places: 5 }]).seats,
  });
  return slug;
}

/** As one that changes the price of the category too: it waits for the category. */
async function edit(slug: string, pricing: Pricing | null): Promise<string> {
  const event = (await findEvent(db, slug))!;
  const { kind } = await updateEvent(
    db,
    event,
    {
      definition: {
        ...PLAIN_EVENT,
        name: slug,
        maxSeatsPerReservation: 5,
        pricing,
        categories: CATEGORIES.map((category) => ({ ...category, price: 2000 })),
        salesPaused: false,
      },
      changed: ['fees', 'categories'],
      leftOut: [],
      seats: new Map(),
      notify: false,
    },
    'test',
  );
  return kind;
}

async function hold(slug: string): Promise<string> {
  const id = randomUUID();
  const { kind } = await takeSeats(db, {
    ...NOTHING_MORE,
    id,
    client: 'shop',
    fingerprint: Buffer.alloc(32),
    seats: ['Floor-1', 'Floor-2'].map((label) => ({ event: slug, label, priceType: null })),
    buyer: null,
    defaultTtlSeconds: 600,
    buyerCap: null,
    actor: 'client:shop',
  });
  expect(kind).toBe('held');
  return id;
}

async function giveBackOne(slug: string, id: string) {
  const result = await createChange(
    {
      db,
      id,
      actor: 'client:shop',
      taker: { client: 'shop', operator: false },
      keyed: null,
      defaultTtlSeconds: 600,
    },
    { release: [{ event: slug, label: 'Floor-2' }], take: [], priceTypes: [], code: null },
  );
  expect(result.kind).toBe('made');
  const [{ total, fees }] = (await db.rows(CHARGED, [id])) as [{ total: number; fees: object[] }];
  return { total, fees };
}

/** Does the one while the locks are held, and ends them when it waits for them. */
async function meanwhile<Result>(
  lock: typeof LOCK_SEATS,
  slug: string,
  waits: () => Promise<Result>,
  work: () => Promise<unknown>,
): Promise<Result> {
  let waiting!: Promise<Result>;
  await db.transaction(async (tx) => {
    await tx.rows(lock, [slug]);
    waiting = waits();
    waiting.catch(() => undefined);
    while ((await db.rows(WAITING))[0]!.waiting === 0) await delay(10);
    await work();
  });
  return waiting;
}

it('a hold that looked before an edit of the fees, and begins after it, keeps those that it was priced by', async () => {
  const slug = await eventWith(fee(100));
  const id = await meanwhile(
    LOCK_SEATS,
    slug,
    () => hold(slug),
    async () => {
      expect(await edit(slug, fee(500))).toBe('changed');
      expect(await edit(slug, fee(900))).toBe('changed');
    },
  );
  expect(await giveBackOne(slug, id)).toMatchObject({ total: 1100, fees: [{ amount: 100 }] });
});

it('a hold that is made while an edit of the fees waits keeps the old ones', async () => {
  const slug = await eventWith(null);
  let id!: string;
  const edited = await meanwhile(
    LOCK_CATEGORIES,
    slug,
    () => edit(slug, fee(500)),
    async () => {
      id = await hold(slug);
    },
  );
  expect(edited).toBe('changed');
  expect(await giveBackOne(slug, id)).toEqual({ total: 1000, fees: null });
});
