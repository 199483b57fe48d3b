import { sql, type Database } from '../../src/db/database';
import { createEvent } from '../../src/db/events';
import { findUnavailable, NOTHING_MORE, takeSeats, type HoldRequest } from '../../src/db/holds';
import { layOutSeats } from '../../src/domain/seat-map';
import { PLAIN_EVENT } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

let db: Database;
let keys = 0;

const request = (event: string, labels: string[], id = `key-number-${++keys}`): HoldRequest => ({
  id,
  client: 'shop',
  fingerprint: Buffer.alloc(32),
  seats: labels.map((label) => ({ event, label, priceType: null })),
  buyer: null,
  ...NOTHING_MORE,
  defaultTtlSeconds: 600,
  buyerCap: null,
  actor: 'client:shop',
});

async function makeEvent(slug: string, opensAt: string | null = null): Promise<void> {
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug,
    name: slug,
    salesOpenAt: opensAt,
    maxSeatsPerReservation: 2,
    categories: [{ code: 'stalls', name: 'Stalls', price: 100 }],
    seats: layOutSeats([{ name: 'Hall', category: 'stalls', rows: [{ name: 'A', seats: 6 }] }])
      .seats,
  });
}

beforeAll(async () => {
  db = await openTestDatabase({ pool: 2 });
  await makeEvent('open');
  await makeEvent('not-yet', '2029-01-01T00:00:00.000Z');
});
afterAll(() => db.close());

test('of a whole crowd it names those, and only those, that the hold refuses because a seat is taken', async () => {
  const mine = request('open', ['A-1']);
  expect((await takeSeats(db, mine)).kind).toBe('held');
  const overdue = request('open', ['A-6']);
  await takeSeats(db, overdue);
  await db.run(
    sql(
      'end',
      `update seats set hold_ends_at = now() - interval '1 second' where reservation_id = $1`,
    ),
    [overdue.id],
  );

  const crowd = [
    request('open', ['A-1']),
    request('open', ['A-2', 'A-1']),
    request('open', ['A-2']),
    request('open', ['A-6']),
    // What else is to be said of these comes first.
    request('open', ['A-1'], mine.id),
    request('open', ['A-1', 'Z-9']),
    request('open', ['A-1', 'A-2', 'A-3']),
    request('not-yet', ['A-1']),
    request('nowhere', ['A-1']),
  ];
  const gone = await findUnavailable(db, crowd);
  const first = [{ event: 'open', label: 'A-1' }];
  expect(gone).toEqual([first, first, null, null, null, null, null, null, null]);

  const decided: string[] = [];
  for (const one of crowd) decided.push((await takeSeats(db, one)).kind);
  expect(decided).toEqual([
    ...['taken', 'taken', 'held', 'held'],
    ...['replayed', 'unknown_seats', 'limit', 'sale_not_open', 'unknown_event'],
  ]);
});
