import { sql, type Database, type Queryable } from './database';
import { OUTBOX_KINDS } from './outbox-kinds';
import { forgetOldScans } from './check-ins';
import { forgetEarlyEvents } from './early-events';
import { forgetOldKeys } from './request-keys';
import { forgetMapChanges } from './seat-map';
import { releaseOverdueHold } from './settlement';
import { sendBack } from './transitions';

/**
 * Longer than a workflow needs to act by itself, so the sweep only finds work that was left undone.
 */
const GRACE_SECONDS = 5;
const UNKNOWN_RESERVATION_MINUTES = 10;
const BATCH = 200;
/** Of one pass: more than holds can be taken between two. */
const MAP_CHANGES = 10_000;

const OVERDUE = sql<{ id: string }>(
  'sweep_overdue',
  `select id from reservations
    where status = 'held' and paid_in_time_at is null and hold_ends_at < clock_timestamp() - $1 * interval '1 second'
    order by hold_ends_at limit $2`,
);

const UNKNOWN = sql<{ reference: string; reservationId: string }>(
  'sweep_unknown',
  `select p.reference, p.reservation_id as "reservationId" from payments p
    where p.role = 'kept' and p.received_at < clock_timestamp() - $1 * interval '1 minute'
      and not exists (select from reservations r where r.id = p.reservation_id)
    order by p.received_at limit $2 for update of p skip locked`,
);
const CLOSE_INBOX = sql(
  'sweep_close_inbox',
  `update inbox set handled_at = clock_timestamp(), outcome = 'refund_unknown_reservation'
    where reference = $1 and reservation_id = $2 and handled_at is null`,
);

/** Refunds payments for reservations that never existed. */
async function refundUnknown(db: Database): Promise<number> {
  return db.transaction(async (tx) => {
    const values = [UNKNOWN_RESERVATION_MINUTES, BATCH];
    const payments = await tx.rows(UNKNOWN, values);
    for (const payment of payments) {
      if ((await tx.run(CLOSE_INBOX, [payment.reference, payment.reservationId])) === 0) continue;
      await sendBack(tx, payment, 'unknown_reservation', 'system');
    }
    return payments.length;
  });
}

export interface SweepResult {
  expired: number;
  rung: number;
  refunded: number;
}

/**
 * Resumes all work that is overdue according to the database: ends overdue holds, signals workflows
 * whose inbox or delivery is waiting, refunds payments without a reservation. Deletes old request
 * keys and scans. Safe to run anywhere and any number of times, with or without Temporal.
 */
export async function sweep(db: Database): Promise<SweepResult> {
  const overdue = await db.rows(OVERDUE, [GRACE_SECONDS, BATCH]);
  for (const { id } of overdue) await releaseOverdueHold(db, id);
  const refunded = await refundUnknown(db);
  await forgetOldKeys(db, BATCH);
  await forgetOldScans(db, BATCH);
  await forgetEarlyEvents(db, BATCH);
  let rung = 0;
  for (const { requeue } of Object.values(OUTBOX_KINDS)) {
    for (const statement of requeue) rung += await db.run(statement, [BATCH]);
  }
  await forgetMapChanges(db, MAP_CHANGES);
  return { expired: overdue.length, rung, refunded };
}

const ACTORLESS = sql(
  'sweep_actorless',
  `with lost as (
     select r.id from reservations r
      where r.status = 'held' and r.created_at < clock_timestamp() - interval '1 minute'
        and (r.hold_ends_at > clock_timestamp() or r.paid_in_time_at is not null) and r.id <> all ($1::text[])
        and (r.nudged_at is null or r.nudged_at < clock_timestamp() - interval '10 minutes')
        and not exists (select from outbox o where o.subject = r.id) limit $2)
   , requeued as (update reservations r set nudged_at = clock_timestamp() from lost where r.id = lost.id returning r.id)
   insert into outbox (kind, subject) select 'ring', id from requeued`,
);

/**
 * Signals every open hold whose workflow Temporal does not know. A lost workflow is started again;
 * for a terminated one a settlement workflow takes over. @returns how many
 */
export async function restartActors(db: Queryable, open: readonly string[]): Promise<number> {
  return db.run(ACTORLESS, [open, BATCH]);
}
