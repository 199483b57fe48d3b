import { sql, type Queryable } from './database';

const LOCK_WAITS = sql<{ waiting: number; longest_s: number }>(
  'lock_waits',
  `select count(*) as waiting, coalesce(max(extract(epoch from clock_timestamp() - query_start)), 0)::float8 as longest_s
     from pg_stat_activity
    where wait_event_type = 'Lock' and application_name like 'holdfast%' and datname = current_database()`,
);

/** How many statements of ours in this database wait for a lock now, and how long the longest has run, in seconds. */
export async function readLockWaits(
  db: Queryable,
): Promise<{ waiting: number; longestSeconds: number }> {
  const [row] = await db.rows(LOCK_WAITS);
  return { waiting: row!.waiting, longestSeconds: row!.longest_s };
}
