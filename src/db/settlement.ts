import type { Progress } from '../contracts/reservation';
import {
  decideCancel,
  decideChange,
  decidePayment,
  type RefundReason,
  type ReservationFacts,
} from '../domain/settlement';
import { faultPoint } from '../fault-points';
import {
  applyChange,
  endChange,
  lockChange,
  releaseEndedChanges,
  unpinChange,
} from './change-transitions';
import { sql, type Database, type Queryable } from './database';
import { readProgress } from './reservations';
import {
  cancel,
  confirm,
  expire,
  lockReservation,
  sendBack,
  unpinHold,
  type LockedReservation,
  type TicketSigner,
} from './transitions';

interface Message {
  id: number;
  kind: 'payment' | 'cancel' | 'change';
  actor: string;
  change_id: string | null;
  reference: string | null;
  amount: number | null;
  currency: string | null;
}

const UNHANDLED = sql<Message>(
  'settle_unhandled',
  // Ids commit out of order, so no cursor: all that is unhandled now, in the order in which it was recorded.
  `select i.id, i.kind, i.actor, i.change_id, i.reference, p.amount - p.refunded as amount, p.currency
     from inbox i left join payments p on p.reference = i.reference and p.reservation_id = i.reservation_id
    where i.reservation_id = $1 and i.handled_at is null order by i.id limit 500 for update of i`,
);
const HANDLED = sql(
  'settle_handled',
  'update inbox set handled_at = clock_timestamp(), outcome = $2 where id = $1 and handled_at is null',
);

/** What the decisions about one reservation are made in. */
interface SettlementContext {
  tx: Queryable;
  reservation: LockedReservation;
  sign: TicketSigner;
}

const factsOf = ({
  status,
  total,
  currency,
  cancel_requested: cancelRequested,
  event_started: eventStarted,
  claimsObtainable,
}: LockedReservation): ReservationFacts => ({
  status,
  total: { amount: total, currency },
  cancelRequested,
  eventStarted,
  seatsObtainable: claimsObtainable,
});

/** A refund's reason in words; of a wrong amount also what was expected and what came. */
function whyBack(
  reason: RefundReason,
  { total, currency }: LockedReservation,
  came: Message,
): string {
  if (reason !== 'mismatch') return reason;
  return `mismatch: expected ${total} ${currency}, came ${came.amount} ${came.currency}, in minor units`;
}

/** @returns the outcome, as the inbox keeps it */
async function settlePayment(
  { tx, reservation, sign }: SettlementContext,
  message: Message,
): Promise<string> {
  const reference = message.reference!;
  const decision = decidePayment(factsOf(reservation), {
    amount: message.amount!,
    currency: message.currency!,
  });
  if (decision.kind === 'confirm') {
    await confirm(tx, reservation, { reference, actor: message.actor }, sign);
    return 'confirmed';
  }
  const payment = { reference, reservationId: reservation.id };
  await sendBack(tx, payment, decision.reason, 'system');
  await unpinHold(tx, reservation.id);
  reservation.notes.push(
    `payment ${reference} goes back (${whyBack(decision.reason, reservation, message)})`,
  );
  return `refund_${decision.reason}`;
}

/**
 * A payment for a change, or the word that a change for which nothing is due is to be applied.
 * @returns the outcome, as the inbox keeps it
 */
async function settleChange(
  { tx, reservation, sign }: SettlementContext,
  { change_id: id, reference, amount, currency, actor }: Message,
): Promise<string> {
  const change = await lockChange(tx, reservation, id!);
  const payment = reference === null ? null : { amount: amount!, currency: currency! };
  const decision = decideChange(change.facts, payment);
  if (decision.kind === 'apply') {
    await applyChange(tx, reservation, change, { reference, actor }, sign);
    return 'applied';
  }
  const { reason } = decision;
  if (reference === null) {
    await endChange(tx, change, 'payment');
    return 'change_ended';
  }
  await sendBack(tx, { reference, reservationId: reservation.id }, reason, 'system');
  if (reason === 'mismatch') await unpinChange(tx, change);
  else await endChange(tx, change, 'payment');
  reservation.notes.push(`payment ${reference} for a change goes back (${reason})`);
  return `refund_${reason}`;
}

/** @returns the outcome, as the inbox keeps it */
async function settleCancel(
  { tx, reservation }: SettlementContext,
  message: Message,
): Promise<string> {
  if (decideCancel(reservation).kind === 'nothing') return reservation.status;
  await cancel(tx, reservation, message.actor);
  return 'cancelled';
}

/**
 * Handles all that waits in a reservation's inbox, in order, in one transaction: each payment confirms it or goes back,
 * a cancel releases or voids. Safe to repeat: what is handled is marked in the same transaction.
 * @returns where the reservation then stands, or null if there is none of that id.
 */
export async function settleInbox(
  db: Database,
  id: string,
  sign: TicketSigner,
): Promise<Progress | null> {
  const progress = await db.transaction(async (tx) => {
    const reservation = await lockReservation(tx, id);
    if (!reservation) return null;
    faultPoint('settle.locked');
    const messages = await tx.rows(UNHANDLED, [id]);
    const { written_status: written, status } = reservation;
    if (messages.length > 0 && written === 'held' && status === 'expired')
      await expire(tx, reservation);
    await releaseEndedChanges(tx, id);
    for (const message of messages) {
      const settle =
        message.change_id !== null
          ? settleChange
          : message.kind === 'payment'
            ? settlePayment
            : settleCancel;
      const outcome = await settle({ tx, reservation, sign }, message);
      await tx.run(HANDLED, [message.id, outcome]);
    }
    return readProgress(tx, id, reservation.notes);
  });
  faultPoint('settle.committed');
  return progress;
}

/**
 * Ends a hold whose time is over, by the database's clock, in the caller's transaction. Changes nothing if it is not
 * over yet, was paid in time, or has ended already. @returns the reservation, locked; null if there is none of that id
 */
export async function endOverdueHold(tx: Queryable, id: string): Promise<LockedReservation | null> {
  const reservation = await lockReservation(tx, id);
  if (reservation?.written_status === 'held' && reservation.status === 'expired') {
    await expire(tx, reservation);
    faultPoint('release.locked');
  }
  return reservation;
}

/** The same in a transaction of its own; the answer says where the reservation then stands. */
export async function releaseOverdueHold(db: Database, id: string): Promise<Progress | null> {
  return db.transaction(async (tx) => {
    const reservation = await endOverdueHold(tx, id);
    return reservation && readProgress(tx, id, reservation.notes);
  });
}
