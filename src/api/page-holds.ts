import type { Database } from '../db/database';
import { readStanding } from '../db/fair-share';

const RECOUNT_MS = 1000;
/** Addresses that are remembered; who held longest ago is forgotten first. */
const MAX_ADDRESSES = 10_000;
/** Holds of one address that are remembered: the newest. */
const MAX_HOLDS_OF_ADDRESS = 5000;

/** Limits of what the pages of one client hold from one address; null: none. */
export interface PageHoldLimits {
  open: number | null;
  /** Holds that ended unpaid within an hour. */
  lapsed: number | null;
}

export interface PageHolds {
  /** @returns what to answer instead of a hold; null where there is nothing against it */
  complaint(address: string): Promise<string | null>;
  /** Remembers a hold that was just taken. */
  took(address: string, id: string): void;
}

interface Count {
  open: number;
  lapsed: number;
}

interface Taken {
  ids: string[];
  counted: (Count & { until: number }) | null;
  /** One at a time: each puts the list right. */
  counting: Promise<Count> | null;
}

/**
 * Keeps one browser from holding an event. A page need not name a buyer, and may name any; its address is what it
 * cannot make up. Which holds an address took is kept here and nowhere else, because addresses are personal data; how
 * they stand, the database says. A brake of each process, like the rate limits.
 */
export function createPageHolds(db: Database, limits: PageHoldLimits): PageHolds {
  const { open: mostOpen, lapsed: mostLapsed } = limits;
  const fewest = Math.min(mostOpen ?? Infinity, mostLapsed ?? Infinity);
  if (fewest === Infinity) return { complaint: async () => null, took: () => undefined };
  const known = new Map<string, Taken>();

  async function recount(taken: Taken): Promise<Count> {
    const asked = taken.ids.length;
    const rows = await readStanding(db, taken.ids);
    const took = taken.ids.slice(asked);
    // A hold that was paid, given back, or ended over an hour ago counts no more.
    taken.ids = [...rows.map(({ id }) => id), ...took];
    const lapsed = rows.filter(({ standing }) => standing === 'lapsed').length;
    const open = rows.length - lapsed + took.length;
    taken.counted = { open, lapsed, until: performance.now() + RECOUNT_MS };
    return taken.counted;
  }

  async function count(taken: Taken): Promise<Count> {
    if (taken.counted && taken.counted.until > performance.now()) return taken.counted;
    taken.counting ??= recount(taken).finally(() => (taken.counting = null));
    return taken.counting;
  }

  return {
    async complaint(address) {
      const taken = known.get(address);
      if (!taken || taken.ids.length < fewest) return null;
      const { open, lapsed } = await count(taken);
      if (mostOpen !== null && open >= mostOpen)
        return `${open} holds of pages are open at this address, which is the most: pay them or give them back.`;
      if (mostLapsed !== null && lapsed >= mostLapsed)
        return `${lapsed} holds of pages at this address have ended unpaid within the hour: try again when it is over.`;
      return null;
    },
    took(address, id) {
      const taken = known.get(address) ?? { ids: [], counted: null, counting: null };
      // The newest address stands last.
      known.delete(address);
      if (known.size >= MAX_ADDRESSES) known.delete(known.keys().next().value!);
      known.set(address, taken);
      taken.ids.push(id);
      if (taken.ids.length > MAX_HOLDS_OF_ADDRESS) taken.ids.shift();
      if (taken.counted) taken.counted.open++;
    },
  };
}
