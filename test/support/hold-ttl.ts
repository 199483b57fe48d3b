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

const END = (['seats', 'reservations'] as const).map((table) =>
  sql(
    `test_end_hold_of_${table}`,
    `update ${table} set hold_ends_at = clock_timestamp() where ${table === 'seats' ? 'reservation_id' : 'id'} = $1`,
  ),
);

/** The hold ends now. */
export async function endHold(db: Database, id: string): Promise<void> {
  for (const statement of END) await db.run(statement, [id]);
}
