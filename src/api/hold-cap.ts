import type { Database } from '../db/database';
import { countOpenHolds } from '../db/holds';

const RECOUNT_MS = 1000;
const MAX_CLIENTS = 10_000;

export interface HoldCap {
  limit: number;
  /** Whether the client has reached its limit of open holds. */
  reached(client: string): Promise<boolean>;
  /** Counts one hold that was just taken here. */
  count(client: string): void;
}

/**
 * How many holds a client may have open. The database is asked once a second, and holds taken by
 * this process since then are added. This protects against a client out of control, so exceeding
 * the limit by a few holds is acceptable. (The limit for one buyer is exact: `hold_seats` checks it
 * under a lock.)
 */
export function createHoldCap(db: Database, limit: number | null): HoldCap {
  if (limit === null)
    return { limit: Infinity, reached: async () => false, count: () => undefined };
  const known = new Map<string, { open: number; until: number }>();
  return {
    limit,
    async reached(client) {
      const entry = known.get(client);
      if (entry && entry.until > performance.now()) return entry.open >= limit;
      const open = await countOpenHolds(db, client, limit);
      if (known.size >= MAX_CLIENTS) known.clear();
      known.set(client, { open, until: performance.now() + RECOUNT_MS });
      return open >= limit;
    },
    count(client) {
      const entry = known.get(client);
      if (entry) entry.open++;
    },
  };
}
