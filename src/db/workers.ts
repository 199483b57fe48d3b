import { sql, type Queryable } from './database';

/** A worker that was silent for so long is taken for gone: it was lost with its host. */
const FORGOTTEN_AFTER = "interval '1 hour'";

const BEAT = sql(
  'worker_beat',
  `insert into workers (id, roles, seen_at) values ($1, $2, clock_timestamp())
   on conflict (id) do update set seen_at = excluded.seen_at, roles = excluded.roles`,
);
const GONE = sql(
  'worker_gone',
  `delete from workers where id = $1 or seen_at < clock_timestamp() - ${FORGOTTEN_AFTER}`,
);

/** Records that a worker is running and polls its task queues. */
export async function beat(db: Queryable, id: string, roles: readonly string[]): Promise<void> {
  await db.run(BEAT, [id, roles]);
}

const LIKE_IT = sql<{ id: string }>(
  'workers_like_it',
  'select id from workers where starts_with(id, $1) and roles = $2',
);

/** The ids of workers with these roles that begin like this. */
export async function findWorkers(
  db: Queryable,
  beginning: string,
  roles: readonly string[],
): Promise<string[]> {
  return (await db.rows(LIKE_IT, [beginning, roles])).map(({ id }) => id);
}

export async function leave(db: Queryable, id: string): Promise<void> {
  await db.run(GONE, [id]);
}

const SEEN = sql<WorkersSeen>(
  'workers_seen',
  `select exists (select from workers where 'reservations' = any (roles)
                    and seen_at > clock_timestamp() - $1 * interval '1 second') as reservations_worked,
          array(select distinct role from workers, unnest(roles) as role
                 where seen_at < clock_timestamp() - $1 * interval '1 second'
                   and seen_at > clock_timestamp() - ${FORGOTTEN_AFTER} order by role) as silent_roles`,
);

export interface WorkersSeen {
  /** A worker that runs reservations has written a heartbeat recently. */
  reservations_worked: boolean;
  /** Those of workers that have not left and have not written one recently. */
  silent_roles: string[];
}

/** Which workers write heartbeats. */
export async function seeWorkers(db: Queryable, withinSeconds: number): Promise<WorkersSeen> {
  const [row] = await db.rows(SEEN, [withinSeconds]);
  return row!;
}
