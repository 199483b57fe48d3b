import { sql, type Queryable } from './database';

/** What the sweep does for one thing at a time; the constraint `sweep_faults_step_known` has the same list. */
export type SweepStep = 'expire' | 'expire_change' | 'refund_unknown' | 'end_allotment';

const NOTE = sql<{ attempts: number }>(
  'sweep_fault_note',
  `insert into sweep_faults (step, subject, error) values ($1, $2, $3)
   on conflict (step, subject) do update set error = excluded.error, tried_at = clock_timestamp(), attempts = sweep_faults.attempts + 1
   returning attempts`,
);
const CLEAR = sql('sweep_fault_clear', 'delete from sweep_faults where step = $1 and subject = $2');
const FORGET = sql(
  'sweep_faults_forget',
  // Tried again at least every ten minutes while it is due.
  `delete from sweep_faults where tried_at < now() - interval '30 minutes'`,
);
const COUNT = sql<{ count: number }>(
  'sweep_fault_count',
  'select count(*) as count from sweep_faults',
);

const MAX_ERROR = 500;

/** Records that a step failed. @returns how many times in a row it has */
export async function noteSweepFault(
  db: Queryable,
  step: SweepStep,
  subject: string,
  error: string,
): Promise<number> {
  const [row] = await db.rows(NOTE, [step, subject, error.slice(0, MAX_ERROR)]);
  return row!.attempts;
}

/** Records that a step is done, or is no longer to be done. */
export async function clearSweepFault(
  db: Queryable,
  step: SweepStep,
  subject: string,
): Promise<void> {
  await db.run(CLEAR, [step, subject]);
}

/** Forgets what is no longer tried, because somebody else has done it. */
export async function forgetSweepFaults(db: Queryable): Promise<void> {
  await db.run(FORGET);
}

/** How many things the sweep has tried and could not do. */
export async function countSweepFaults(db: Queryable): Promise<number> {
  const [row] = await db.rows(COUNT);
  return row!.count;
}
