import { isRefused, sql, type Database } from './database';
import { buyerKeyOf, isUnpriced, timeFor, type HoldRequest, type HoldResult } from './holds';
import type { ReservationRecord } from './reservations';

/** Whoever has less time left goes alone, so that its haste ends nobody else's hold. */
const LEAST_MS = 500;
/** A batch waits so long at most for a key that is being used, or for an event that is being changed. */
const LOCK_MS = 250;

/** A larger order goes alone: the seats of a batch stay locked until all of it is committed. */
const MOST_SEATS = 20;

const HOLD_ORDERS = sql<{ request: number; reservation: ReservationRecord }>(
  'hold_orders',
  `select request, reservation
     from hold_orders($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
);

/**
 * Whether a hold may be tried together with others: it names seats, not too many, and nothing that a
 * rule of its own has to be looked up for.
 */
export function fitsBatch(db: Database, hold: HoldRequest): boolean {
  const { client, fingerprint, holdSeconds, avoidOrphans, seats } = hold;
  return (
    client !== null &&
    fingerprint !== null &&
    holdSeconds === null &&
    !avoidOrphans &&
    seats.length <= MOST_SEATS &&
    seats.every(({ allotment = null }) => allotment === null) &&
    isUnpriced(db, hold)
  );
}

/**
 * Takes the seats of several requests that fit and that share no key, buyer or seat, each request's
 * or none of them, in one transaction: see `hold_orders` in the migrations.
 * @returns for each request that it is held; null where `takeSeats` has to decide, and nothing is held
 * @throws what says that the database was not reached or gave no answer; then each may be held or not
 */
export async function takeTogether(
  db: Database,
  holds: readonly HoldRequest[],
): Promise<(HoldResult | null)[]> {
  const results: (HoldResult | null)[] = holds.map(() => null);
  try {
    await db.connected(async (connection) => {
      // The wait for a connection is over.
      const left = holds.map(timeFor);
      const places = [...holds.keys()].filter((place) => left[place]! >= LEAST_MS);
      if (places.length === 0) return;
      const withinMs = Math.min(...places.map((place) => left[place]!));
      const members = places.map((place) => holds[place]!);
      const { defaultTtlSeconds, buyerCap } = members[0]!;
      const lines = members.flatMap(({ seats }, index) =>
        [...new Set(seats.map(({ event }) => event))].map((event) => ({
          order: index + 1,
          event,
          labels: seats.filter((seat) => seat.event === event).map(({ label }) => label),
        })),
      );
      const rows = await connection.rows(HOLD_ORDERS, [
        withinMs,
        Math.min(withinMs, LOCK_MS),
        members.map(({ id }) => id),
        members.map(({ client }) => client),
        members.map(({ fingerprint }) => fingerprint),
        members.map(({ buyer }) => buyer?.name ?? null),
        members.map(({ buyer }) => buyer?.email ?? null),
        members.map(({ buyer }) => buyer && buyerKeyOf(buyer.email)),
        members.map(({ reference }) => reference),
        members.map(({ metadata }) => metadata && JSON.stringify(metadata)),
        members.map(({ actor }) => actor),
        lines.map(({ order }) => order),
        lines.map(({ event }) => event),
        lines.flatMap(({ labels }, index) => labels.map(() => index + 1)),
        lines.flatMap(({ labels }) => labels),
        defaultTtlSeconds,
        buyerCap,
      ]);
      for (const { request, reservation } of rows)
        results[places[request - 1]!] = { kind: 'held', reservation };
    });
  } catch (error) {
    // Each goes alone, and hears what is wrong with its own.
    if (!isRefused(error)) throw error;
  }
  return results;
}
