import type { Database } from '../product';
import { verifySystem, type Judged } from './product';

/** What all checks together may take, for each thousand orders. */
const LIMIT_MS_A_THOUSAND = 300;

export interface Verified {
  checks: Judged[];
  totalMs: number;
  limitMs: number;
  complaints: string[];
}

/**
 * Runs the whole of `verify` on a database that is filled with orders, without Temporal.
 * @param slowness how many times slower than its limit it may be, on a machine that does other things
 */
export async function verifyOrders(db: Database, orders: number, slowness = 1): Promise<Verified> {
  const { checks, notes } = await verifySystem(db, null, { patienceMs: 0 });
  const totalMs = checks.reduce((sum, { ms }) => sum + ms, 0);
  const limitMs = Math.ceil((orders / 1000) * LIMIT_MS_A_THOUSAND * slowness);
  const wrong = checks
    .filter(({ violations }) => violations > 0)
    .map(({ name, violations, findings: [first] }) => {
      const { id, detail } = first!;
      return `${name}: ${violations}, as ${id} ${detail}`;
    });
  const late = totalMs > limitMs ? [`takes ${totalMs} ms, more than ${limitMs} ms`] : [];
  return { checks, totalMs, limitMs, complaints: [...wrong, ...notes, ...late] };
}
