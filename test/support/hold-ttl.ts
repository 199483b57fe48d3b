import { sql, type Database } from '../../src/db/database';

const SET_HOLD_TTL = sql(
  'test_set_hold_ttl',
  'update events set hold_ttl_seconds = $2, hold_cap_seconds = 3 * $2 where slug = $1',
);

/**
 * Holds of the event that are taken from now on last so many seconds; those taken before keep their end. So one hold of a
 * test can end soon while a slow machine has all the time it needs for the others.
 */
export async function setHoldTtl(db: Database, event: string, seconds: number): Promise<void> {
  await db.run(SET_HOLD_TTL, [event, seconds]);
}
