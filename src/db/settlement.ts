import type { Progress } from '../contracts/reservation';
import { formatMoney } from '../domain/currency';
import {
  decideCancel,
  decideChange,
  decidePayment,
  type PaymentLeft,
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
  lockToSettle,
  sendBack,
  unpinHold,
  type LockedReservation,
  type Message,
  type SoldSeat,
  type TicketSigner,
} from './transitions';

/** A payment or a cancel that was decided. */
interface Settled {
  /** As the inbox keeps it. */
  outcome: string;
  /** After the end of the hold. */
  late: boolean;
  /** Since it was recorded. */
  waitedSeconds: number;
}

/** Callbacks for what a settlement wrote, called once it is committed. */
export interface Watcher {
  onSettled: (settled: Settled) => void;
  /** A hold ended unpaid. */
  onExpired: () => void;
}

const HANDLED = sql(
  'settle_handled',
  'update inbox set handled_at = clock_timestamp(), outcome = $2 where id = $1 and handled_at is null',
);

/** What the decisions about one reservation are made in. */
interface SettlementContext {
  tx: Queryable;
  reservation: LockedReservation;
  /** The seats that it claims. */
  seats: readonly SoldSeat[];
  sign: TicketSigner;
}

const factsOf = ({
  status,
  total,
  currency,
  cancel_requested: cancelRequested,
  event_started: eventStarted,
  claims_obtainable: seatsObtainable,
}: LockedReservation): ReservationFacts => ({
  status,
  total: { amount: total, currency },
  cancelRequested,
  eventStarted,
  seatsObtainable,
});

/** Why a payment goes back, in words; of a wrong amount also what was expected. */
function whyBack(reason: RefundReason, { total, currency }: LockedReservation): string {
  return reason === 'mismatch'
    ? `mismatch, ${formatMoney({ amount: total, currency })} was expected`
    : reason.replaceAll('_', ' ');
}

const leftOf = ({ amount, currency, paid }: Message): PaymentLeft => ({
  amount: amount!,
  currency: currency!,
  isGivenBack: amount === 0 && paid! > 0,
});

/** @returns the outcome, as the inbox keeps it */
async function settlePayment(
  { tx, reservation, seats, sign }: SettlementContext,
  message: Message,
): Promise<string> {
  const reference = message.reference!;
  const decision = decidePayment(factsOf(reservation), leftOf(message));
  if (decision.kind === 'confirm') {
    await confirm(tx, reservation, seats, { reference, actor: message.actor }, sign);
    return 'confirmed';
  }
  const payment = { reference, reservationId: reservation.id };
  await sendBack(tx, payment, decision.reason, 'system');
  await unpinHold(tx, reservation.id);
  const came = formatMoney({ amount: message.amount!, currency: message.currency! });
  reservation.notes.push(
    `payment ${reference}, ${came}, by ${message.actor} → goes back: ${whyBack(decision.reason, reservation)}`,
  );
  return `refund_${decision.reason}`;
}

/**
 * A payment for a change, or the word that a change for which nothing is due is to be applied.
 * @returns the outcome, as the inbox keeps it
 */
async function settleChange(
  { tx, reservation, sign }: SettlementContext,
  message: Message,
): Promise<string> {
  const { change_id: id, reference, actor } = message;
  const change = await lockChange(tx, reservation, id!);
  const payment = reference === null ? null : leftOf(message);
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
  if (decideCancel(reservation).kind === 'nothing') {
    reservation.notes.push(
      `a cancel by ${message.actor} had no effect: it is ${reservation.status}`,
    );
    return reservation.status;
  }
  await cancel(tx, reservation, message.actor);
  return 'cancelled';
}

/**
 * Handles all that waits in a reservation's inbox, in order, in one transaction: each payment confirms it or goes back,
 * a cancel releases or voids. Safe to repeat: what is handled is marked in the same transaction.
 * @param watcher told of each decision, and of the end of the hold if this wrote it
 * @returns where the reservation then stands, or null if there is none of that id.
 */
export async function settleInbox(
  db: Database,
  id: string,
  sign: TicketSigner,
  watcher: Partial<Watcher> = {},
): Promise<Progress | null> {
  const committed: (() => void)[] = [];
  const progress = await db.transaction(async (tx) => {
    const locked = await lockToSettle(tx, id);
    if (!locked) return null;
    faultPoint('settle.locked');
    const { reservation, messages, seats } = locked;
    const { written_status: written, status } = reservation;
    if (messages.length > 0 && written === 'held' && status === 'expired') {
      await expire(tx, reservation);
      committed.push(() => watcher.onExpired?.());
    }
    if (reservation.has_changes) await releaseEndedChanges(tx, id);
    for (const message of messages) {
      const settle =
        message.change_id !== null
          ? settleChange
          : message.kind === 'payment'
            ? settlePayment
            : settleCancel;
      const outcome = await settle({ tx, reservation, seats, sign }, message);
      await tx.run(HANDLED, [message.id, outcome]);
      const settled = { outcome, late: status === 'expired', waitedSeconds: message.waited_s };
      committed.push(() => watcher.onSettled?.(settled));
    }
    return readProgress(tx, id, reservation.notes);
  });
  faultPoint('settle.committed');
  for (const tell of committed) tell();
  return progress;
}

/**
 * Ends a hold whose time is over, by the database's clock, in the caller's transaction. Changes nothing if it is not
 * over yet, was paid in time, or has ended already. @returns whether this ended it, and what it did in words; null if
 * there is none of that id
 */
export async function endOverdueHold(
  tx: Queryable,
  id: string,
): Promise<{ ended: boolean; notes: string[] } | null> {
  const reservation = await lockReservation(tx, id);
  if (!reservation) return null;
  const ended = reservation.written_status === 'held' && reservation.status === 'expired';
  if (ended) {
    await expire(tx, reservation);
    faultPoint('release.locked');
  }
  return { ended, notes: reservation.notes };
}

/** The same in a transaction of its own, if it is over; the answer says where the reservation then stands. */
export async function releaseOverdueHold(
  db: Database,
  id: string,
  watcher: Partial<Watcher> = {},
): Promise<Progress | null> {
  const before = await readProgress(db, id);
  if (before?.state.status !== 'expired') return before;
  const done = await db.transaction(async (tx) => {
    const end = await endOverdueHold(tx, id);
    return end && { ended: end.ended, progress: await readProgress(tx, id, end.notes) };
  });
  if (done?.ended) watcher.onExpired?.();
  return done?.progress ?? null;
}
