import { sql, type Queryable } from './database';

const BEAT = sql(
  'worker_beat',
  `insert into workers (id, roles, seen_at) values ($1, $2, clock_timestamp())
   on conflict (id) do update set seen_at = excluded.seen_at, roles = excluded.roles`,
);
const GONE = sql(
  'worker_gone',
  `delete from workers where id = $1 or seen_at < clock_timestamp() - interval '1 day'`,
);

/** Records that a worker is running and polls its task queues. */
export async function beat(db: Queryable, id: string, roles: readonly string[]): Promise<void> {
  await db.run(BEAT, [id, roles]);
}

export async function leave(db: Queryable, id: string): Promise<void> {
  await db.run(GONE, [id]);
}

const ALIVE = sql<{ alive: boolean }>(
  'workers_alive',
  `select exists (select from workers where 'reservations' = any (roles)
     and seen_at > clock_timestamp() - $1 * interval '1 second') as alive`,
);

/** Whether a worker that runs reservations has written a heartbeat recently. */
export async function reservationsAreWorked(
  db: Queryable,
  withinSeconds: number,
): Promise<boolean> {
  const [row] = await db.rows(ALIVE, [withinSeconds]);
  return row!.alive;
}
