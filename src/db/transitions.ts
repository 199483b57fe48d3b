import { randomUUID } from 'node:crypto';
import { formatMoney } from '../domain/currency';
import type { HistoryType } from '../domain/history-types';
import { cancelMessageId, ticketsMessageId } from '../domain/message-id';
import type { RefundReason, ReservationStatus } from '../domain/settlement';
import { sql, type Queryable } from './database';

/**
 * The transitions of a reservation, each written once. The reservation's row, its claims, tickets,
 * mails, history and outbox change together in the caller's transaction. In migrations/functions are
 * the transitions that the API makes, in one round trip each (`hold_order`, `record_payment`,
 * `extend_hold`, `record_cancel_request`), and `confirm_reservation`, the most frequent one here. All
 * of them change claims by `change_claims`.
 */

/** Creates the signed code of one ticket. */
export type TicketSigner = (ticket: { ticketId: string; eventId: string; seat: string }) => string;

interface ReservationRow {
  id: string;
  revision: number;
  /** The status in the row; `status` is the effective status at this moment. */
  written_status: ReservationStatus;
  status: ReservationStatus;
  total: number;
  currency: string;
  confirmed_by: string | null;
  erased: boolean;
  cancel_requested: boolean;
  /** What goes back by the cancel that was accepted, in minor units; null: all that is left. */
  cancel_refund: number | null;
  /** The first of its events has begun. */
  event_started: boolean;
  /** Somebody asked for a change of it, whatever became of that. */
  has_changes: boolean;
  /** Whether each of its claims is still its own or can be taken again. */
  claims_obtainable: boolean;
}

/** A locked reservation with its locked claims, as changed by the transitions so far. */
export interface LockedReservation extends ReservationRow {
  /** What the transitions did, in words for the operator. */
  notes: string[];
}

const LOCK = sql<ReservationRow>(
  'lock_reservation',
  `select id, revision, written_status, status, total, currency, confirmed_by, erased, cancel_requested, cancel_refund,
          event_started, has_changes, claims_obtainable from lock_reservation($1)`,
);

/**
 * Locks a reservation in the global lock order: its claims, then its row. @returns null if it does
 * not exist
 */
export async function lockReservation(
  tx: Queryable,
  id: string,
): Promise<LockedReservation | null> {
  const [reservation] = await tx.rows(LOCK, [id]);
  return reservation ? { ...reservation, notes: [] } : null;
}

/** An unhandled entry of a reservation's inbox, as it was recorded. */
export interface Message {
  id: number;
  kind: 'payment' | 'cancel' | 'change';
  actor: string;
  change_id: string | null;
  reference: string | null;
  /** What is left of the payment, and what came. */
  amount: number | null;
  paid: number | null;
  currency: string | null;
  waited_s: number;
}

export interface SoldSeat {
  id: number;
  label: string;
  event_id: string;
}

const LOCK_TO_SETTLE = sql<{
  reservation: ReservationRow;
  messages: Message[];
  seats: SoldSeat[];
}>('lock_to_settle', 'select reservation, messages, seats from lock_to_settle($1)');

/**
 * Locks a reservation as `lockReservation` does, and reads what there is to decide about it: see
 * `lock_to_settle` in the migrations.
 * @returns null if it does not exist
 */
export async function lockToSettle(
  tx: Queryable,
  id: string,
): Promise<{ reservation: LockedReservation; messages: Message[]; seats: SoldSeat[] } | null> {
  const [row] = await tx.rows(LOCK_TO_SETTLE, [id]);
  return row ? { ...row, reservation: { ...row.reservation, notes: [] } } : null;
}

const RELEASE_CLAIMS = sql<{ changed: boolean }>(
  'transition_release_claims',
  `select change_claims('release', $1) as changed`,
);

/** The error of a step that was not possible for all claims. */
const notPossible = (step: string, id: string) =>
  new Error(`Reservation ${id}: not all that it claims could be changed (${step})`);

async function releaseClaims(tx: Queryable, id: string): Promise<void> {
  const [row] = await tx.rows(RELEASE_CLAIMS, [id]);
  if (!row!.changed) throw notPossible('release', id);
}

const HISTORY = sql(
  'append_history',
  'insert into history (reservation_id, type, actor, data) values ($1, $2, $3, $4)',
);

/**
 * Adds an entry to the history of a reservation. @param actor `client:NAME`, a provider's name,
 * `operator` or `system`
 */
export async function appendHistory(
  tx: Queryable,
  reservationId: string,
  type: HistoryType,
  actor: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  await tx.run(HISTORY, [reservationId, type, actor, data]);
}

const RING_RUNNING = sql('ring_running_actor', 'select ring_running_actor($1)');

/** Rings a workflow that still runs, so that what an operator reads there is up to date. */
export async function ringRunningActor(tx: Queryable, reservationId: string): Promise<void> {
  await tx.run(RING_RUNNING, [reservationId]);
}

const EXPIRE = sql(
  'transition_expire',
  `update reservations set status = 'expired', ended_at = clock_timestamp() where id = $1`,
);

/** held → expired: the claims are released. */
export async function expire(tx: Queryable, reservation: LockedReservation): Promise<void> {
  const { id, notes } = reservation;
  await releaseClaims(tx, id);
  await tx.run(EXPIRE, [id]);
  await appendHistory(tx, id, 'reservation.expired', 'system');
  reservation.written_status = 'expired';
  notes.push('the hold ended without a payment');
}

const CONFIRM = sql<{ impossible: string | null }>(
  'confirm_reservation',
  'select confirm_reservation($1, $2, $3, $4, $5, $6, $7, $8) as impossible',
);
const ISSUE_TICKETS = sql(
  'transition_issue_tickets',
  `insert into tickets (id, reservation_id, seat_id, code, revision)
   select id, $1, seat_id, code, $5 from unnest($2::uuid[], $3::bigint[], $4::text[]) made (id, seat_id, code)`,
);

/** Signs a ticket for each seat. @returns the tickets by column */
function signTickets(
  seats: readonly SoldSeat[],
  sign: TicketSigner,
): { ids: string[]; seatIds: number[]; codes: string[] } {
  const tickets = seats.map(({ event_id: eventId, label }) => ({
    ticketId: randomUUID(),
    eventId,
    seat: label,
  }));
  return {
    ids: tickets.map(({ ticketId }) => ticketId),
    seatIds: seats.map((seat) => seat.id),
    codes: tickets.map(sign),
  };
}

/** Issues a ticket for each seat of a change. */
export async function issueTickets(
  tx: Queryable,
  { id, revision }: Pick<ReservationRow, 'id' | 'revision'>,
  seats: readonly SoldSeat[],
  sign: TicketSigner,
): Promise<void> {
  const { ids, seatIds, codes } = signTickets(seats, sign);
  await tx.run(ISSUE_TICKETS, [id, ids, seatIds, codes, revision]);
}

/**
 * held or expired → confirmed: see `confirm_reservation` in the migrations.
 * @param seats what it claims, by id
 */
export async function confirm(
  tx: Queryable,
  reservation: LockedReservation,
  seats: readonly SoldSeat[],
  { reference, actor }: { reference: string; actor: string },
  sign: TicketSigner,
): Promise<void> {
  const { id, written_status: written, status, notes } = reservation;
  const isToBeRetaken = written === 'expired' || status === 'expired';
  const { ids, seatIds, codes } = signTickets(seats, sign);
  const messageId = ticketsMessageId(id, 0, codes);
  const values = [id, reference, actor, isToBeRetaken, ids, seatIds, codes, messageId];
  const [confirmed] = await tx.rows(CONFIRM, values);
  const { impossible } = confirmed!;
  if (impossible !== null) throw notPossible(impossible, id);
  // A buyer who was erased meanwhile cannot receive mail; the shop has the ticket codes.
  if (reservation.erased) await dropTicketMails(tx, id, 'the buyer was erased');
  Object.assign(reservation, {
    status: 'confirmed',
    written_status: 'confirmed',
    confirmed_by: reference,
  });
  const { total: amount, currency } = reservation;
  notes.push(`payment ${reference}, ${formatMoney({ amount, currency })}, by ${actor} → confirmed`);
}

const CANCEL = sql<{ at: string }>(
  'transition_cancel',
  `update reservations set status = 'cancelled', ended_at = clock_timestamp() where id = $1 returning ended_at::text as at`,
);
const OWE_CANCEL_MAIL = sql(
  'transition_owe_cancel_mail',
  `with owed as (
     insert into mails (reservation_id, kind, message_id) select id, 'cancelled', $2 from reservations
      where id = $1 and buyer_email is not null
     on conflict do nothing returning id)
   insert into outbox (kind, subject) select 'mail', id::text from owed`,
);
const VOID_TICKETS = sql(
  'transition_void_tickets',
  `update tickets set status = 'void', voided_at = clock_timestamp() where reservation_id = $1 and status <> 'void'`,
);

/**
 * held or confirmed → cancelled: the claims are released. For a sale, the tickets become void and
 * the payment is refunded.
 */
export async function cancel(
  tx: Queryable,
  reservation: LockedReservation,
  actor: string,
): Promise<void> {
  const { id, notes } = reservation;
  const sold = reservation.status === 'confirmed';
  if (sold) {
    await tx.run(VOID_TICKETS, [id]);
    await dropTicketMails(tx, id, 'the reservation was cancelled first');
  }
  await releaseClaims(tx, id);
  const [cancelled] = await tx.rows(CANCEL, [id]);
  await appendHistory(tx, id, 'reservation.cancelled', actor);
  if (sold) {
    await tx.run(OWE_CANCEL_MAIL, [id, cancelMessageId(id, cancelled!.at)]);
    await refundSale(tx, id, reservation.cancel_refund, 'cancelled');
  }
  Object.assign(reservation, { status: 'cancelled', written_status: 'cancelled' });
  const undone = sold ? 'tickets void, money goes back by the terms' : 'seats released';
  notes.push(`cancelled by ${actor}: ${undone}`);
}

const REFUND_SALE = sql('transition_refund_sale', `select refund_sale($1, $2, $3, 'system')`);

/** Orders that so much of a sale's money goes back. @param amount minor units; null: all that is left */
export async function refundSale(
  tx: Queryable,
  reservationId: string,
  amount: number | null,
  reason: RefundReason,
): Promise<void> {
  await tx.run(REFUND_SALE, [reservationId, amount, reason]);
}

const SURPLUS = sql(
  'transition_surplus',
  `update payments set role = 'surplus' where reference = $1 and reservation_id = $2 and role = 'kept'`,
);
const ORDER_REFUND = sql(
  'transition_order_refund',
  `select order_refund(id, null, $3, null, $4) from payments where reference = $1 and reservation_id = $2`,
);

/**
 * Sends back what is left of a payment: see `order_refund` in the migrations. A payment that
 * nothing was decided about is then surplus.
 */
export async function sendBack(
  tx: Queryable,
  payment: { reference: string; reservationId: string },
  reason: RefundReason,
  actor: string,
): Promise<void> {
  const { reference, reservationId } = payment;
  await tx.run(SURPLUS, [reference, reservationId]);
  await tx.run(ORDER_REFUND, [reference, reservationId, reason, actor]);
}

const UNPIN = sql('transition_unpin', 'select unpin_hold($1)');

/** Ends the pin of a hold that no payment pays for any more: see `unpin_hold` in the migrations. */
export async function unpinHold(tx: Queryable, reservationId: string): Promise<void> {
  await tx.run(UNPIN, [reservationId]);
}

const DROP_MAILS = sql(
  'transition_drop_mails',
  // Tickets that have not been mailed are not mailed any more: they are void, or the buyer's
  // address was erased.
  `update mails set refused = $2 where reservation_id = $1 and kind = 'tickets' and sent_at is null and refused is null`,
);

/** Cancels the ticket mails of a reservation that have not been sent. */
export async function dropTicketMails(
  tx: Queryable,
  reservationId: string,
  reason: string,
): Promise<void> {
  await tx.run(DROP_MAILS, [reservationId, reason]);
}
