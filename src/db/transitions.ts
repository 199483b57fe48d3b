import { randomUUID } from 'node:crypto';
import { formatMoney } from '../domain/currency';
import type { HistoryType } from '../domain/history-types';
import { cancelMessageId, ticketsMessageId } from '../domain/message-id';
import type { RefundReason, ReservationStatus } from '../domain/settlement';
import { sql, type Queryable } from './database';

/**
 * The transitions of a reservation, each written once. The reservation's row, its claims, tickets,
 * mails, history and outbox change together in the caller's transaction. `hold_order`,
 * `record_payment`, `extend_hold` and `record_cancel_request` (migrations/functions) are the
 * transitions that the API makes, in one round trip each. All of them change claims by
 * `change_claims`.
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

const CHANGE_CLAIMS = sql<{ changed: boolean }>(
  'transition_claims',
  'select change_claims($2, $1) as changed',
);

function expectChanged(row: { changed: boolean } | undefined, id: string, verb: string): void {
  if (!row?.changed)
    throw new Error(`Reservation ${id}: not all that it claims could be changed (${verb})`);
}

async function changeClaims(tx: Queryable, id: string, verb: 'release' | 'retake'): Promise<void> {
  const [row] = await tx.rows(CHANGE_CLAIMS, [id, verb]);
  expectChanged(row, id, verb);
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
  await changeClaims(tx, id, 'release');
  await tx.run(EXPIRE, [id]);
  await appendHistory(tx, id, 'reservation.expired', 'system');
  reservation.written_status = 'expired';
  notes.push('the hold ended without a payment');
}

const CONFIRM = sql(
  'transition_confirm',
  `with confirming as (
     update payments set role = 'confirming' where reference = $2 and reservation_id = $1)
   update reservations set status = 'confirmed', confirmed_by = $2, confirmed_at = clock_timestamp(), ended_at = null,
          delivered_at = case when erased_at is not null then clock_timestamp() end
    where id = $1`,
);
const SELL = sql<{ changed: boolean; seats: SoldSeat[] }>(
  'transition_sell',
  `select change_claims('sell', $1) as changed,
          (select jsonb_agg(jsonb_build_object('id', s.id, 'label', s.label, 'event_id', s.event_id) order by s.id)
             from allocations a join seats s on s.id = a.seat_id
            where a.reservation_id = $1 and a.released_at is null and a.until_revision is null) as seats`,
);
const INSERT_TICKETS = `insert into tickets (id, reservation_id, seat_id, code, revision)
   select id, $1, seat_id, code, $5 from unnest($2::uuid[], $3::bigint[], $4::text[]) made (id, seat_id, code)`;
const ISSUE_TICKETS = sql('transition_issue_tickets', INSERT_TICKETS);
const ISSUE_SALE = sql(
  'transition_issue_sale',
  `with issued as (${INSERT_TICKETS}),
     owed as (
       insert into mails (reservation_id, kind, message_id) values ($1, 'tickets', $6) on conflict do nothing)
   insert into history (reservation_id, type, actor, data)
   values ($1, 'reservation.confirmed', $7, jsonb_build_object('reference', $8::text))`,
);

interface SoldSeat {
  id: number;
  label: string;
  event_id: string;
}

/** Signs a ticket for each seat. @returns the codes, and the values $1 to $5 of the statements above */
function signTickets(
  { id, revision }: Pick<ReservationRow, 'id' | 'revision'>,
  seats: readonly SoldSeat[],
  sign: TicketSigner,
): { codes: string[]; values: unknown[] } {
  const tickets = seats.map(({ event_id: eventId, label }) => ({
    ticketId: randomUUID(),
    eventId,
    seat: label,
  }));
  const ticketIds = tickets.map(({ ticketId }) => ticketId);
  const codes = tickets.map(sign);
  return { codes, values: [id, ticketIds, seats.map((seat) => seat.id), codes, revision] };
}

/** Issues a ticket for each seat of a change. */
export async function issueTickets(
  tx: Queryable,
  reservation: Pick<ReservationRow, 'id' | 'revision'>,
  seats: readonly SoldSeat[],
  sign: TicketSigner,
): Promise<void> {
  await tx.run(ISSUE_TICKETS, signTickets(reservation, seats, sign).values);
}

/**
 * held or expired → confirmed: the claims are sold (an expired reservation takes them again first),
 * tickets are issued, and a mail is ordered.
 */
export async function confirm(
  tx: Queryable,
  reservation: LockedReservation,
  { reference, actor }: { reference: string; actor: string },
  sign: TicketSigner,
): Promise<void> {
  const { id, notes } = reservation;
  if (reservation.written_status === 'expired' || reservation.status === 'expired') {
    await changeClaims(tx, id, 'retake');
  }
  await tx.run(CONFIRM, [id, reference]);
  const [sold] = await tx.rows(SELL, [id]);
  expectChanged(sold, id, 'sell');
  const { codes, values } = signTickets(reservation, sold!.seats, sign);
  await tx.run(ISSUE_SALE, [...values, ticketsMessageId(id, 0, codes), actor, reference]);
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
  await changeClaims(tx, id, 'release');
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
