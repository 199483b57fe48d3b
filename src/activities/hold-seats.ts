import {
  takeFirstFree,
  takeSeats,
  type HoldRequest,
  type HoldResult,
  type SeatChoices,
} from '../db/holds';
import { takeTogether } from '../db/hold-batch';
import type { WantedSeat } from '../db/quotes';
import type { Database } from '../db/database';
import { faultPoint } from '../fault-points';

/**
 * Takes the seats of one reservation, all or none, under `SELECT … FOR UPDATE`. With the two below
 * this is the only code that takes seats. The API runs it ahead of the workflow; for a reservation that
 * was started by hand, the workflow's first activity runs it. Running it again for the same
 * reservation changes nothing.
 */
export async function holdSeats(db: Database, request: HoldRequest): Promise<HoldResult> {
  const result = await takeSeats(db, request);
  if (result.kind === 'held') faultPoint('hold.committed');
  return result;
}

/** The same for several that share nothing, in one transaction: see `takeTogether`. */
export async function holdTogether(
  db: Database,
  requests: readonly HoldRequest[],
): Promise<(HoldResult | null)[]> {
  const results = await takeTogether(db, requests);
  if (results.some((result) => result?.kind === 'held')) faultPoint('hold.committed');
  return results;
}

/** The same for seats that are chosen from in the transaction that takes them: see `takeFirstFree`. */
export async function holdFirstFree(
  db: Database,
  request: Omit<HoldRequest, 'seats'>,
  lines: readonly (WantedSeat[] | SeatChoices)[],
): Promise<HoldResult | null> {
  const result = await takeFirstFree(db, request, lines);
  if (result?.kind === 'held') faultPoint('hold.committed');
  return result;
}
