import { sql, type Database, type Queryable } from './database';
import { refundPayment, releaseOverdueHold } from './settlement';

/** Longer than an actor takes to act by itself, so that the sweep finds only what was left lying. */
const GRACE_SECONDS = 5;
const UNKNOWN_RESERVATION_MINUTES = 10;
const BATCH = 200;

const OVERDUE = sql(
  'sweep_overdue',
  `select id from reservations
    where status = 'held' and paid_in_time_at is null and hold_ends_at < clock_timestamp() - $1 * interval '1 second'
    order by hold_ends_at limit $2`,
);

const RING_UNHANDLED = sql(
  'sweep_ring_unhandled',
  `with stuck as (
     select distinct i.reservation_id as id from inbox i join reservations r on r.id = i.reservation_id
      where i.handled_at is null and i.received_at < clock_timestamp() - interval '20 seconds'
        and (r.nudged_at is null or r.nudged_at < clock_timestamp() - interval '1 minute')
        and not exists (select from outbox o where o.subject = i.reservation_id) limit $1)
   , nudged as (update reservations r set nudged_at = clock_timestamp() from stuck where r.id = stuck.id returning r.id)
   insert into outbox (kind, subject) select 'ring', id from nudged`,
);
const RING_UNDELIVERED = sql(
  'sweep_ring_undelivered',
  `with stuck as (
     select r.id from reservations r
      where r.status = 'confirmed' and r.delivered_at is null and r.confirmed_at < clock_timestamp() - interval '2 minutes'
        and (r.nudged_at is null or r.nudged_at < clock_timestamp() - interval '5 minutes') limit $1)
   , nudged as (update reservations r set nudged_at = clock_timestamp() from stuck where r.id = stuck.id returning r.id)
   insert into outbox (kind, subject) select 'ring', id from nudged`,
);
const NUDGE_REFUNDS = sql(
  'sweep_nudge_refunds',
  `with stuck as (
     select p.reference from payments p
      where (p.status = 'refunding' or (p.status = 'refunded' and exists (select from mails m
               where m.reference = p.reference and m.sent_at is null and m.refused is null)))
        and p.received_at < clock_timestamp() - interval '1 minute'
        and (p.nudged_at is null or p.nudged_at < clock_timestamp() - interval '5 minutes')
        and not exists (select from outbox o where o.subject = p.reference and o.kind = 'refund') limit $1)
   , nudged as (update payments p set nudged_at = clock_timestamp() from stuck where p.reference = stuck.reference returning p.reference)
   insert into outbox (kind, subject) select 'refund', reference from nudged`,
);
const NUDGE_RESENDS = sql(
  'sweep_nudge_resends',
  `with stuck as (
     select m.id from mails m
      where m.kind = 'tickets' and m.sequence > 0 and m.sent_at is null and m.refused is null
        and m.requested_at < clock_timestamp() - interval '2 minutes'
        and (m.nudged_at is null or m.nudged_at < clock_timestamp() - interval '5 minutes') limit $1)
   , nudged as (update mails m set nudged_at = clock_timestamp() from stuck where m.id = stuck.id returning m.reservation_id, m.sequence)
   insert into outbox (kind, subject, sequence) select 'resend', reservation_id, sequence from nudged`,
);
const UNKNOWN = sql(
  'sweep_unknown',
  `select p.reference, p.reservation_id as "reservationId" from payments p
    where p.role = 'kept' and p.received_at < clock_timestamp() - $1 * interval '1 minute'
      and not exists (select from reservations r where r.id = p.reservation_id)
    order by p.received_at limit $2 for update of p skip locked`,
);
const CLOSE_INBOX = sql(
  'sweep_close_inbox',
  `update inbox set handled_at = clock_timestamp(), outcome = 'refund_unknown_reservation'
    where reference = $1 and handled_at is null`,
);

/** Sends back what was paid for reservations that never came to be. */
async function refundUnknown(db: Database): Promise<number> {
  return db.transaction(async (tx) => {
    const values = [UNKNOWN_RESERVATION_MINUTES, BATCH];
    const payments = await tx.rows<{ reference: string; reservationId: string }>(UNKNOWN, values);
    for (const payment of payments) {
      if ((await tx.run(CLOSE_INBOX, [payment.reference])) === 0) continue;
      await refundPayment(tx, { ...payment, reservationExists: false }, 'unknown_reservation', 'system');
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
 * Moves on whatever the database says should have moved by now: ends overdue holds, rings actors whose inbox or
 * delivery waits, sends stray payments back. Safe to run anywhere, any number of times, with or without Temporal.
 */
export async function sweep(db: Database): Promise<SweepResult> {
  const overdue = await db.rows<{ id: string }>(OVERDUE, [GRACE_SECONDS, BATCH]);
  for (const { id } of overdue) await releaseOverdueHold(db, id);
  const refunded = await refundUnknown(db);
  let rung = 0;
  for (const nudge of [RING_UNHANDLED, RING_UNDELIVERED, NUDGE_REFUNDS, NUDGE_RESENDS])
    rung += await db.run(nudge, [BATCH]);
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
   , nudged as (update reservations r set nudged_at = clock_timestamp() from lost where r.id = lost.id returning r.id)
   insert into outbox (kind, subject) select 'ring', id from nudged`,
);

/**
 * Rings for every open hold that is not among the actors Temporal knows: one that was lost is started again, and for one
 * that was terminated a settlement takes over. @returns how many
 */
export async function restartActors(db: Queryable, open: readonly string[]): Promise<number> {
  return db.run(ACTORLESS, [open, BATCH]);
}
