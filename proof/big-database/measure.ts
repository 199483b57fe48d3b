import { sql, type Database } from '../product';
import { explaining, largeTables, type Measured } from './explain';
import {
  countOpenNotes,
  countSweepFaults,
  deliverDue,
  findPlace,
  forgetDocuments,
  listEvents,
  listNotes,
  listOutbox,
  listPayments,
  listRefunds,
  listUndeliveredMails,
  listReservations,
  lookIntoOutbox,
  numberHistory,
  OUTBOX_LANES,
  OUTBOX_QUEUES,
  readBacklog,
  readFeed,
  readFeedEnds,
  readFeedNews,
  readMailBacklog,
  readRefundBacklog,
  restartActors,
  sweep,
  truncateFeed,
  type FeedPlace,
  type ReservationFilter,
} from './product';

/** A statement of the product as it ran on the big database. */
export interface Result extends Measured {
  of: 'relay' | 'sweep' | 'housekeeping' | 'metrics' | 'feed' | 'lists';
  /** Milliseconds that it may take. */
  limitMs: number;
  /** What is wrong with it; null: nothing. */
  complaint: string | null;
}

type Part = Result['of'];

const PAGE = 50;
const REACHES = ['recent', 'all'] as const;
const MIDDLE = sql<{ at: string; id: string }>(
  'big_middle',
  `select rfc3339_us(created_at) as at, id from reservations order by created_at
    offset (select count(*) / 2 from reservations) limit 1`,
);
const MIDDLE_PAYMENT = sql<{ at: string; id: string }>(
  'big_middle_payment',
  `select rfc3339_us(received_at) as at, reference as id from payments order by received_at
    offset (select count(*) / 2 from payments) limit 1`,
);

async function runRelay(db: Database): Promise<void> {
  for (const queue of OUTBOX_QUEUES)
    for (const lane of OUTBOX_LANES)
      for (const reach of REACHES) {
        await lookIntoOutbox(db, { queue, lane, reach });
        await deliverDue(db, { queue, lane, reach, limit: 16 }, async () => new Map());
      }
}

/** What a client finds its own reservations by. */
const OF_A_CLIENT: readonly ReservationFilter[] = [
  { client: 'small', buyerKeys: [Buffer.alloc(32)] },
  { client: 'small', reference: 'order-1' },
  { client: 'small', payment: 'pay-1' },
  { client: 'small', event: 'big-1', seat: 'S-1' },
];

const onFault = (_what: unknown, error: unknown): never => {
  throw error;
};

/** Nothing is so old that the sweep removes it; then a batch of prints that are. */
async function runSweep(db: Database): Promise<void> {
  await sweep(db, { budgetMs: 600_000, documentDays: 10_000, onFault });
  await forgetDocuments(db, 0, 100);
}

/** All open holds have their workflows. */
async function runHousekeeping(db: Database): Promise<void> {
  await restartActors(db, async (ids) => new Set(ids), {
    from: null,
    onPage: () => undefined,
    onFault,
  });
}

async function runMetrics(db: Database): Promise<void> {
  for (const read of [readBacklog, readMailBacklog, readRefundBacklog, countOpenNotes])
    await read(db);
  await countSweepFaults(db);
}

async function runLists(db: Database, bare: Database): Promise<void> {
  const [[deep], [deepPayment]] = [await bare.rows(MIDDLE), await bare.rows(MIDDLE_PAYMENT)];
  const buyerKeys = [Buffer.alloc(32)];
  for (const after of [null, deep!]) {
    for (const event of [undefined, 'big-1'])
      for (const status of [undefined, 'held', 'confirmed', 'expired', 'cancelled'] as const)
        await listReservations(db, { event, status }, after, PAGE);
    await listReservations(db, { buyerKeys }, after, PAGE);
    for (const client of ['small', 'big', 'nobody'])
      for (const event of [undefined, 'big-1'])
        for (const status of [undefined, 'held', 'confirmed', 'expired', 'cancelled'] as const)
          for (const createdFrom of [undefined, deep!.at])
            await listReservations(db, { client, event, status, createdFrom }, after, PAGE);
    for (const filter of OF_A_CLIENT) await listReservations(db, filter, after, PAGE);
    const id = { at: deep!.at, id: '1' };
    for (const open of [undefined, true, false]) await listNotes(db, open, after && id, PAGE);
    for (const givenUp of [undefined, true, false])
      await listOutbox(db, givenUp, after && id, PAGE);
    const uuid = { at: deep!.at, id: '00000000-0000-0000-0000-000000000000' };
    for (const status of [undefined, 'pending', 'succeeded', 'failed'] as const)
      await listRefunds(db, status, after && uuid, PAGE);
    for (const upcoming of [false, true])
      await listEvents(db, { upcoming, after: after && uuid, limit: PAGE });
    await listUndeliveredMails(db, after && id, PAGE);
  }
  for (const after of [null, deepPayment!]) {
    for (const reservationExists of [undefined, true, false])
      for (const status of [undefined, 'captured', 'refunding', 'disputed', 'unmatched'])
        await listPayments(db, { status, reservationExists }, after, PAGE);
    await listPayments(db, { reservation: deep!.id }, after, PAGE);
  }
}

const MIDDLE_OF_THE_FEED = sql<FeedPlace>(
  'big_middle_of_the_feed',
  'select sequence, mark from feed where sequence > (select sequence / 2 from feed_head) order by sequence limit 1',
);
/** The most that a request may ask for. */
const FEED_PAGE = 500;
/** What the writer numbers at once. */
const NUMBERED_AT_ONCE = 1000;

/** Read by an operator and by clients large, small and unknown; from the start, the middle and the end. */
async function runFeed(db: Database, bare: Database): Promise<void> {
  const { first, last } = await readFeedEnds(db);
  const [middle] = await bare.rows(MIDDLE_OF_THE_FEED);
  for (const after of [first, middle!, last]) {
    await findPlace(db, after);
    await readFeedNews(db, after);
    for (const reader of [null, 'big', 'small', 'nobody'])
      await readFeed(db, reader, after, FEED_PAGE);
  }
  for (const all of [false, true]) await numberHistory(db, NUMBERED_AT_ONCE, all);
  await truncateFeed(db, NUMBERED_AT_ONCE);
}

/** A list reads 50 whole reservations; of the feed 500 entries are read and 1,000 numbered. */
const LIMITS_MS: Record<Part, number> = {
  relay: 5,
  sweep: 5,
  housekeeping: 5,
  metrics: 5,
  feed: 50,
  lists: 50,
};

/**
 * Asks everything that the relay, the sweep, housekeeping, the metrics, the feed and the lists ask, at rest.
 * @param slowness how many times slower than its limit a statement may be, on a machine that does other things
 */
export async function measureBigDatabase(bare: Database, slowness = 1): Promise<Result[]> {
  const large = await largeTables(bare);
  const results: Result[] = [];
  const parts: Record<Part, (db: Database) => Promise<void>> = {
    relay: runRelay,
    sweep: runSweep,
    housekeeping: runHousekeeping,
    metrics: runMetrics,
    feed: (db) => runFeed(db, bare),
    lists: (db) => runLists(db, bare),
  };
  for (const [name, run] of Object.entries(parts)) {
    const of = name as Part;
    const limitMs = LIMITS_MS[of] * slowness;
    await run(
      explaining(bare, (measured) => {
        const read = measured.scans.filter((table) => large.has(table));
        const complaint =
          read.length > 0
            ? `reads all of ${read.join(', ')}`
            : measured.ms > limitMs
              ? `takes more than ${limitMs} ms`
              : null;
        const known = results.find((one) => one.of === of && one.name === measured.name);
        const result = { ...measured, of, limitMs, complaint };
        if (!known) results.push(result);
        // Of a statement that was asked several times, the worst counts.
        else if (known.complaint === null && (complaint !== null || measured.ms > known.ms))
          Object.assign(known, result);
      }),
    );
  }
  return results;
}
