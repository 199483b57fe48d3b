import { hash } from 'node:crypto';
import { mailboxOf, parseEmailAddress } from '../domain/email-address';
import { DeadlinePassed, sql, type Database, type Queryable } from './database';
import type { ReservationRecord } from './reservations';

/**
 * The input of one hold. `buyer` and `client` are null for a reservation that an operator started
 * by hand.
 */
export interface HoldRequest {
  id: string;
  client: string | null;
  fingerprint: Buffer | null;
  event: string;
  labels: string[];
  buyer: { name: string; email: string } | null;
  defaultTtlSeconds: number;
  /** The maximum number of open holds of one buyer; null: no limit. */
  buyerCap: number | null;
  actor: string;
  /** How many milliseconds its caller still waits for an answer; undefined: as long as it takes. */
  leftMs?: () => number;
}

export type HoldResult =
  | { kind: 'held' | 'replayed'; reservation: ReservationRecord }
  | { kind: 'reused' | 'unknown_event' }
  | { kind: 'unknown_category'; category: string }
  | { kind: 'sale_not_open'; opensAt: string | null; closesAt: string | null }
  | { kind: 'limit' | 'too_many_holds'; limit: number }
  | { kind: 'unknown_seats' | 'taken'; seats: string[] };

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

const HOLD = sql<{ result: HoldResult }>(
  'hold_seats',
  'select hold_seats_within($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as result',
);
/** Longer than any statement may take. */
const NO_HURRY_MS = 60_000;
/** Kept for the commit and the way back, so that a hold is answered as what it became. */
const RETURN_MS = 1000;

/**
 * Takes all the seats for this reservation, or none: see `hold_seats` in the migrations for the rules.
 * @throws DeadlinePassed, or what the database says of a statement that took too long; nothing is held then
 */
export async function takeSeats(db: Database, hold: HoldRequest): Promise<HoldResult> {
  return db.connected(async (connection) => {
    // The wait for a connection is over.
    const withinMs = Math.floor(
      hold.leftMs === undefined ? NO_HURRY_MS : hold.leftMs() - RETURN_MS,
    );
    if (withinMs <= 0) throw new DeadlinePassed();
    const [row] = await connection.rows(HOLD, [
      withinMs,
      hold.id,
      hold.client,
      hold.fingerprint,
      hold.event,
      hold.labels,
      hold.buyer?.name ?? null,
      hold.buyer?.email ?? null,
      hold.buyer ? buyerKeyOf(hold.buyer.email) : null,
      hold.defaultTtlSeconds,
      hold.buyerCap,
      hold.actor,
    ]);
    return row!.result;
  });
}

const TAKEN_BATCH = sql<{ request: number; taken: string[] }>(
  'seats_taken_batch',
  'select request, taken from seats_taken_batch($1, $2, $3)',
);

/**
 * Which of several requests are refused at this moment because a seat is gone, in one round trip.
 * @returns for each of them the seats that are taken; null where `takeSeats` has to decide
 */
export async function findUnavailable(
  db: Queryable,
  holds: readonly Pick<HoldRequest, 'id' | 'event' | 'labels'>[],
): Promise<(string[] | null)[]> {
  const gone: (string[] | null)[] = holds.map(() => null);
  const rows = await db.rows(TAKEN_BATCH, [
    holds.map(({ id }) => id),
    holds.map(({ event }) => event),
    holds.map(({ labels }) => JSON.stringify(labels)),
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
