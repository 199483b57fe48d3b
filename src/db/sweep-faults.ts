import { sql, type Queryable } from './database';

/** What the sweep can do for one thing at a time; the constraint `sweep_faults_step_known` has the same list. */
export type SweepStep =
  | 'expire'
  | 'expire_change'
  | 'refund_unknown'
  | 'end_allotment'
  | 'requeue_unhandled_inbox'
  | 'requeue_undelivered'
  | 'requeue_refunds'
  | 'requeue_late_refund_mails'
  | 'requeue_mails'
  | 'requeue_webhooks'
  | 'requeue_resends';

/** Told of each failure: of a step for one thing, or as a whole. */
export type OnFault = (
  what: { step: string; subject: string | null; attempts: number },
  error: unknown,
) => void;

/** The pause after the first failure; it doubles with each, up to the longest. */
const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 600;

/**
 * Condition: a thing is not left alone after a failure. The pause is kept with the fault, because the row of the thing
 * may be what cannot be written.
 * @param subject SQL of the thing's id, as text
 */
export const isNotPaused = (step: SweepStep, subject: string): string =>
  `not exists (select from sweep_faults f where f.step = '${step}' and f.subject = ${subject} and f.not_before > now())`;

const NOTE = sql<{ attempts: number }>(
  'sweep_fault_note',
  `insert into sweep_faults as f (step, subject, error, not_before)
   values ($1, $2, $3, clock_timestamp() + $4 * interval '1 second')
   on conflict (step, subject) do update set error = excluded.error, tried_at = clock_timestamp(), attempts = f.attempts + 1,
     not_before = clock_timestamp() + least($5, $4 * 2 ^ least(f.attempts, 10)) * interval '1 second'
   returning attempts`,
);
const CLEAR = sql('sweep_fault_clear', 'delete from sweep_faults where step = $1 and subject = $2');
const FORGET = sql(
  'sweep_faults_forget',
  // Tried again at least every ten minutes while it is due. What is ordered in sets clears no fault when it succeeds.
  `delete from sweep_faults where tried_at < now() - interval '30 minutes'
      or (step like 'requeue%' and not_before < now() - interval '1 minute')`,
);
const COUNT = sql<{ count: number }>(
  'sweep_fault_count',
  'select count(*) as count from sweep_faults',
);

const MAX_ERROR = 500;

/** Records that a step failed for a thing, which is left alone for a while. @returns how many times in a row it has */
export async function noteSweepFault(
  db: Queryable,
  step: SweepStep,
  subject: string,
  error: string,
): Promise<number> {
  const [row] = await db.rows(NOTE, [
    step,
    subject,
    error.slice(0, MAX_ERROR),
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
  ]);
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

/** Forgets what is no longer tried, because somebody else has done it. @returns how many */
export async function forgetSweepFaults(db: Queryable): Promise<number> {
  return db.run(FORGET);
}

/** How many things the sweep has tried and could not do. */
export async function countSweepFaults(db: Queryable): Promise<number> {
  const [row] = await db.rows(COUNT);
  return row!.count;
}
