import type { Database } from '../db/database';
import { countLapsedHolds, readShares } from '../db/fair-share';
import { buyerKeyOf } from '../db/holds';

const RECOUNT_MS = 1000;
const MAX_EVENTS = 1000;

/** Limits of those who hold seats and do not buy them; null: none. */
export interface FairShareLimits {
  /** Percent of an event's free seats that one client may hold. */
  sharePerClient: number | null;
  /** Holds of one buyer at one client that ended unpaid within an hour. */
  lapsedPerBuyer: number | null;
}

export interface FairShare {
  /**
   * @param hold with the slug or id of each event, and how many of its seats are asked for
   * @returns what to answer instead of a hold; null where there is nothing against it
   */
  complaint(hold: {
    client: string;
    email: string | undefined;
    seats: readonly { event: string; count: number }[];
  }): Promise<string | null>;
}

/**
 * Keeps one client from holding an event, and a buyer from holding again and again what he does not
 * pay. Both are brakes, counted without a lock: a few more do no harm.
 */
export function createFairShare(
  db: Database,
  { sharePerClient, lapsedPerBuyer }: FairShareLimits,
): FairShare {
  const known = new Map<string, { shares: ReturnType<typeof readShares>; until: number }>();

  function sharesOf(event: string): ReturnType<typeof readShares> {
    const entry = known.get(event);
    if (entry && entry.until > performance.now()) return entry.shares;
    const shares = readShares(db, event);
    if (known.size >= MAX_EVENTS) known.clear();
    known.set(event, { shares, until: performance.now() + RECOUNT_MS });
    shares.catch(() => known.delete(event));
    return shares;
  }

  return {
    async complaint({ client, email, seats }) {
      if (lapsedPerBuyer !== null && email !== undefined) {
        const lapsed = await countLapsedHolds(db, buyerKeyOf(email), client, lapsedPerBuyer);
        if (lapsed >= lapsedPerBuyer)
          return `${lapsed} holds of this buyer have ended unpaid within the hour: try again when it is over.`;
      }
      if (sharePerClient === null) return null;
      for (const { event, count } of seats) {
        const { free, heldBy } = await sharesOf(event);
        const own = heldBy.get(client) ?? 0;
        // The first hold is always allowed, or the last seats could not be sold.
        if (own > 0 && own + count > ((free + own) * sharePerClient) / 100)
          return `One client may hold ${sharePerClient} % of the free seats of an event, and you hold ${own}: wait until some are paid or end.`;
      }
      return null;
    },
  };
}
