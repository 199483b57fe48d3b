import { takeSeats, type HoldRequest, type HoldResult } from '../db/holds';
import type { Database } from '../db/database';
import { faultPoint } from '../fault-points';

/**
 * Takes the seats of one reservation, all or none, under `SELECT … FOR UPDATE`. This is the only
 * code that takes seats. The API runs it ahead of the workflow; for a reservation that was started
 * by hand, the workflow's first activity runs it. Running it again for the same reservation changes
 * nothing.
 */
export async function holdSeats(db: Database, request: HoldRequest): Promise<HoldResult> {
  const result = await takeSeats(db, request);
  if (result.kind === 'held') faultPoint('hold.committed');
  return result;
}
