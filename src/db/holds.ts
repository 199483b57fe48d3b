import { hash } from 'node:crypto';
import { mailboxOf, parseEmailAddress } from '../domain/email-address';
import { DeadlinePassed, sql, type Database, type Queryable } from './database';
import { quoteOrder, type Quote, type Refusal, type SeatName, type WantedSeat } from './quotes';
import type { ReservationRecord } from './reservations';

/**
 * The input of one hold. `buyer` is null while there is none yet; `client` for a reservation that an
 * operator started by hand.
 */
export interface HoldRequest {
  id: string;
  client: string | null;
  fingerprint: Buffer | null;
  /** In the order of the lines. */
  seats: WantedSeat[];
  buyer: { name: string; email: string } | null;
  /** A promo code, normalised. */
  code: string | null;
  /** How long it is to last, in seconds; null: the shortest TTL of its events. */
  holdSeconds: number | null;
  /** Whether the caller may hold for longer than the TTL. */
  longHolds: boolean;
  /** Whether the caller is an operator, who takes seats from any allotment. */
  operator: boolean;
  /** Whether the seats were chosen for the buyer and others may be, where these would leave an orphan. */
  avoidOrphans: boolean;
  /** The client's own words about it. */
  reference: string | null;
  metadata: Record<string, string> | null;
  defaultTtlSeconds: number;
  /** The maximum number of open holds of one buyer; null: no limit. */
  buyerCap: number | null;
  actor: string;
  /** How many milliseconds its caller still waits for an answer; undefined: as long as it takes. */
  leftMs?: () => number;
}

/** What a hold asks for beside its seats, where it asks for nothing. */
export const NOTHING_MORE = {
  code: null,
  holdSeconds: null,
  longHolds: false,
  operator: false,
  avoidOrphans: false,
  reference: null,
  metadata: null,
} as const satisfies Partial<HoldRequest>;

export type HoldResult = { kind: 'held' | 'replayed'; reservation: ReservationRecord } | Refusal;

/** What the database may say besides: the caller has to price the order first, or again. */
type Decision = HoldResult | { kind: 'to_be_priced' | 'stale' };

/**
 * One buyer is one mailbox, whatever is written behind a `+` and in any spelling. Only its hash is
 * compared and indexed.
 */
export function buyerKeyOf(email: string): Buffer {
  return hash('sha256', mailboxOf(email), 'buffer');
}

/**
 * The keys under which reservations of an address may stand: until now `a+tag@…` had one of its own.
 * Caps do not look at those: they are of holds that end by themselves.
 */
export function buyerKeysOf(email: string): Buffer[] {
  const before = parseEmailAddress(email)?.key ?? email.toLowerCase();
  return [buyerKeyOf(email), hash('sha256', before, 'buffer')];
}

const HOLD = sql<{ result: Decision }>(
  'hold_order',
  'select hold_order_within($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) as result',
);
/** Longer than any statement may take. */
const NO_HURRY_MS = 60_000;
/** Kept for the commit and the way back, so that a hold is answered as what it became. */
const RETURN_MS = 1000;

/** How many whole milliseconds the database has for a hold; 0 or less: none. */
export const timeFor = ({ leftMs }: Pick<HoldRequest, 'leftMs'>): number =>
  Math.floor(leftMs === undefined ? NO_HURRY_MS : leftMs() - RETURN_MS);

async function decide(db: Database, hold: HoldRequest, quote: Quote | null): Promise<Decision> {
  const { code, holdSeconds, longHolds, operator, avoidOrphans, reference, metadata } = hold;
  const allotments = hold.seats.map(({ allotment = null }) => allotment);
  const isPlain =
    quote === null &&
    !operator &&
    !avoidOrphans &&
    [code, holdSeconds, reference, metadata, ...allotments].every((one) => one === null);
  const events = [...new Set(hold.seats.map(({ event }) => event))];
  const more = {
    ...quote,
    code: quote?.code ?? (code === null ? null : {}),
    holdSeconds,
    longHolds,
    operator,
    avoidOrphans,
    reference,
    metadata,
    ...(allotments.some((one) => one !== null) && { allotments }),
  };
  return db.connected(async (connection) => {
    // The wait for a connection is over.
    const withinMs = timeFor(hold);
    if (withinMs <= 0) throw new DeadlinePassed();
    const [row] = await connection.rows(HOLD, [
      withinMs,
      hold.id,
      hold.client,
      hold.fingerprint,
      events,
      hold.seats.map(({ event }) => events.indexOf(event) + 1),
      hold.seats.map(({ label }) => label),
      hold.buyer?.name ?? null,
      hold.buyer?.email ?? null,
      hold.buyer ? buyerKeyOf(hold.buyer.email) : null,
      hold.defaultTtlSeconds,
      hold.buyerCap,
      hold.actor,
      isPlain ? null : JSON.stringify(more),
    ]);
    return row!.result;
  });
}

/** How often prices may change between the look at them and the hold. */
const MOST_QUOTES = 5;
const MOST_EVENTS = 10_000;
/** Events that have to be priced first, as this process found out: a hint that saves a round trip. */
const pricedEvents = new WeakMap<Database, Set<string>>();

/** Whether a hold may cost what the categories of its seats do, as far as this process knows. */
export function isUnpriced(db: Database, { code, seats }: Pick<HoldRequest, 'code' | 'seats'>) {
  const priced = pricedEvents.get(db);
  return (
    code === null &&
    seats.every(({ event, priceType }) => priceType === null && !priced?.has(event))
  );
}

function notePriced(db: Database, seats: readonly WantedSeat[]): void {
  let priced = pricedEvents.get(db);
  if (!priced) pricedEvents.set(db, (priced = new Set()));
  if (priced.size >= MOST_EVENTS) priced.clear();
  for (const { event } of seats) priced.add(event);
}

/**
 * Takes all the seats for this reservation, or none: see `hold_order` in the migrations for the
 * rules. An order whose events have rules of their own is priced first; the database refuses a price
 * that was made from older rules.
 * @throws DeadlinePassed, or what the database says of a statement that took too long; nothing is held then
 */
export async function takeSeats(db: Database, hold: HoldRequest): Promise<HoldResult> {
  const { code, seats } = hold;
  if (isUnpriced(db, hold)) {
    const decision = await decide(db, hold, null);
    if (decision.kind !== 'to_be_priced') return decision as HoldResult;
    notePriced(db, seats);
  }
  for (let attempt = 0; attempt < MOST_QUOTES; attempt++) {
    const quoted = await quoteOrder(db, seats, code);
    if (quoted.kind === 'refused') {
      const { id, client, fingerprint } = hold;
      const known =
        client !== null && fingerprint !== null && (await findReplay(db, id, client, fingerprint));
      return known || quoted.refusal;
    }
    // What is unknown is refused by the database, in the order of its rules.
    const decision = await decide(db, hold, quoted.kind === 'quoted' ? quoted.quote : null);
    if (decision.kind !== 'stale' && decision.kind !== 'to_be_priced')
      return decision as HoldResult;
  }
  // Somebody edits without a pause: this caller may try again.
  throw new DeadlinePassed();
}

const LOCK_FIRST_FREE = sql<{ choices: number[] | null }>(
  'lock_first_free',
  'select lock_first_free($1, $2, $3) as choices',
);

/** Choices for seats that are left to us, the best first. */
export interface SeatChoices {
  allotment: string | null;
  choices: WantedSeat[][];
}

class NothingTaken extends Error {
  constructor(readonly result: HoldResult | null) {
    super();
  }
}

/**
 * Chooses and takes in one transaction: of each wish the first choice that is free and that nobody
 * else is taking, and what is named. Waits for nobody who is taking a choice.
 * @param lines in the order of the order: seats by name, or choices
 * @returns null when every choice of a wish is being taken or gone
 * @throws DeadlinePassed, or what the database says of a statement that took too long; nothing is held then
 */
export async function takeFirstFree(
  db: Database,
  hold: Omit<HoldRequest, 'seats'>,
  lines: readonly (WantedSeat[] | SeatChoices)[],
): Promise<HoldResult | null> {
  const wishes = lines.filter((line): line is SeatChoices => !Array.isArray(line));
  const asked = wishes.map(({ allotment, choices }) => ({
    allotment,
    choices: choices.map((seats) => seats.map(({ event, label }) => [event, label])),
  }));
  try {
    return await db.transaction(async (tx) => {
      if (timeFor(hold) <= 0) throw new DeadlinePassed();
      const buyerKey = hold.buyer ? buyerKeyOf(hold.buyer.email) : null;
      const values = [buyerKey, hold.code, JSON.stringify(asked)];
      const { choices } = (await tx.rows(LOCK_FIRST_FREE, values))[0]!;
      if (!choices) throw new NothingTaken(null);
      const chosen = new Map(wishes.map((wish, at) => [wish, wish.choices[choices[at]! - 1]!]));
      const seats = lines.flatMap((line) => (Array.isArray(line) ? line : chosen.get(line)!));
      const within: Database = {
        ...db,
        rows: (...args) => tx.rows(...args),
        run: (...args) => tx.run(...args),
        connected: (work) => work(tx),
      };
      const result = await takeSeats(within, { ...hold, seats });
      // What was locked and is not taken is let go.
      if (result.kind !== 'held') throw new NothingTaken(result);
      return result;
    });
  } catch (error) {
    if (error instanceof NothingTaken) return error.result;
    throw error;
  }
}
const TAKEN_BATCH = sql<{ request: number; taken: SeatName[] }>(
  'orders_taken_batch',
  'select request, taken from orders_taken_batch($1, $2)',
);

/**
 * Which of several requests are refused at this moment because a seat is gone, in one round trip.
 * @returns for each of them the seats that are taken; null where `takeSeats` has to decide
 */
export async function findUnavailable(
  db: Queryable,
  holds: readonly Pick<HoldRequest, 'id' | 'seats'>[],
): Promise<(SeatName[] | null)[]> {
  const gone: (SeatName[] | null)[] = holds.map(() => null);
  const rows = await db.rows(TAKEN_BATCH, [
    holds.map(({ id }) => id),
    holds.map(({ seats }) =>
      JSON.stringify(seats.map(({ event, label, allotment = null }) => [event, label, allotment])),
    ),
  ]);
  for (const { request, taken } of rows) gone[request - 1] = taken;
  return gone;
}

const REPLAY = sql<{ result: HoldResult | null }>(
  'replay_of',
  'select replay_of($1, $2, $3) as result',
);

/** The answer to a request with a known key; null for a new key. */
export async function findReplay(
  db: Queryable,
  key: string,
  client: string,
  fingerprint: Buffer,
): Promise<HoldResult | null> {
  const [row] = await db.rows(REPLAY, [key, client, fingerprint]);
  return row?.result ?? null;
}

const OPEN_BY_CLIENT = sql<{ open: number }>(
  'open_holds_of_client',
  `select count(*) as open from (select from reservations
     where status = 'held' and (hold_ends_at > clock_timestamp() or paid_in_time_at is not null) and client = $1 limit $2) open`,
);

/** How many holds a client has open, counted up to `limit`. */
export async function countOpenHolds(
  db: Queryable,
  client: string,
  limit: number,
): Promise<number> {
  const [row] = await db.rows(OPEN_BY_CLIENT, [client, limit]);
  return row!.open;
}
