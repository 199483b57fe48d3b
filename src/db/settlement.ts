import { randomUUID } from 'node:crypto';
import {
  decideCancel,
  decidePayment,
  type RefundReason,
  type ReservationFacts,
  type ReservationStatus,
} from '../domain/settlement';
import { faultPoint } from '../fault-points';
import type { Progress } from '../contracts/reservation';
import { sql, type Database, type Queryable } from './database';
import { lateRefundMessageId, ticketsMessageId } from '../domain/message-id';
import { readProgress } from './reservations';

/** Makes the signed code of one ticket. */
export type TicketSigner = (ticket: { ticketId: string; eventId: string; seat: string }) => string;

interface LockedSeat {
  id: number;
  label: string;
  owner: string | null;
  free: boolean;
}

interface LockedReservation {
  id: string;
  event_id: string;
  written_status: ReservationStatus;
  status: ReservationStatus;
  total: number;
  currency: string;
  confirmed_by: string | null;
  erased: boolean;
  paid: boolean;
  ends_in_ms: number;
}

interface Message {
  id: number;
  kind: 'payment' | 'cancel';
  actor: string;
  reference: string | null;
  amount: number | null;
  currency: string | null;
}

const LOCK_SEATS = sql(
  'settle_lock_seats',
  // The one lock order: seats by id, then the reservation. An array: a plan that was made while few seats were sold must
  // not walk through all of them later.
  `select id, label, reservation_id as owner, seat_is_free(status, hold_ends_at) as free
     from seats where id = any (array(select seat_id from allocations where reservation_id = $1)) order by id for update`,
);
const LOCK_RESERVATION = sql(
  'settle_lock_reservation',
  `select id, event_id, status as written_status, status_now(status, hold_ends_at, paid_in_time_at) as status,
          total, currency, confirmed_by, erased_at is not null as erased, paid_in_time_at is not null as paid,
          (extract(epoch from hold_ends_at - clock_timestamp()) * 1000)::float8 as ends_in_ms
     from reservations where id = $1 for update`,
);
const EXISTS = sql('settle_exists', 'select id from reservations where id = $1');
const UNHANDLED = sql(
  'settle_unhandled',
  // Ids commit out of order, so no cursor: whatever is unhandled now, in the order in which it was kept.
  `select i.id, i.kind, i.actor, i.reference, p.amount, p.currency
     from inbox i left join payments p on p.reference = i.reference
    where i.reservation_id = $1 and i.handled_at is null order by i.id limit 500 for update of i`,
);
const HANDLED = sql(
  'settle_handled',
  'update inbox set handled_at = clock_timestamp(), outcome = $2 where id = $1 and handled_at is null',
);
const HISTORY = sql(
  'append_history',
  'insert into history (reservation_id, type, actor, data) values ($1, $2, $3, $4)',
);

export async function appendHistory(
  tx: Queryable,
  reservationId: string,
  type: string,
  actor: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  await tx.run(HISTORY, [reservationId, type, actor, data]);
}

const EXPIRE = sql(
  'settle_expire',
  `update reservations set status = 'expired', ended_at = clock_timestamp() where id = $1`,
);
const CANCEL = sql(
  'settle_cancel',
  `update reservations set status = 'cancelled', ended_at = clock_timestamp() where id = $1`,
);
const FREE_ALLOCATIONS = sql(
  'settle_free_allocations',
  'update allocations set released_at = clock_timestamp() where reservation_id = $1 and released_at is null',
);
const FREE_SEATS = sql(
  'settle_free_seats',
  // The owner is the fence: seats that somebody else has taken since are not this reservation's to free.
  `update seats set status = 'available', reservation_id = null, hold_ends_at = null
    where id = any ($2) and reservation_id = $1`,
);

async function freeSeats(tx: Queryable, id: string, seats: readonly LockedSeat[]): Promise<void> {
  await tx.run(FREE_SEATS, [id, seats.map((seat) => seat.id)]);
  await tx.run(FREE_ALLOCATIONS, [id]);
}

const EVICT = sql(
  'settle_evict',
  // An overdue hold of somebody else on a seat that a late payment takes again.
  `update allocations set released_at = clock_timestamp()
    where seat_id = any ($2) and reservation_id <> $1 and released_at is null`,
);
const RETAKE = sql(
  'settle_retake',
  'update allocations set released_at = null where reservation_id = $1 and released_at is not null',
);
const PAYMENT_CONFIRMS = sql('settle_payment_confirms', `update payments set role = 'confirming' where reference = $1`);
const CONFIRM = sql(
  'settle_confirm',
  `update reservations set status = 'confirmed', confirmed_by = $2, confirmed_at = clock_timestamp(), ended_at = null,
          delivered_at = case when erased_at is not null then clock_timestamp() end
    where id = $1`,
);
const SELL_SEATS = sql(
  'settle_sell_seats',
  `update seats set status = 'sold', reservation_id = $1, hold_ends_at = null where id = any ($2)`,
);
const ISSUE_TICKETS = sql(
  'settle_issue_tickets',
  `insert into tickets (id, reservation_id, seat_id, code)
   select * from unnest($2::uuid[], array_fill($1::text, array[cardinality($2::uuid[])]), $3::bigint[], $4::text[])`,
);
const OWE_MAIL = sql(
  'owe_mail',
  `insert into mails (reservation_id, kind, sequence, reference, message_id) values ($1, $2, $3, $4, $5)
   on conflict do nothing`,
);

async function confirm(tx: Queryable, case_: Case, reference: string, actor: string): Promise<void> {
  const { reservation, seats, sign } = case_;
  const { id } = reservation;
  const seatIds = seats.map((seat) => seat.id);
  if (reservation.written_status === 'expired' || reservation.status === 'expired') {
    await tx.run(EVICT, [id, seatIds]);
    await tx.run(RETAKE, [id]);
  }
  await tx.run(PAYMENT_CONFIRMS, [reference]);
  await tx.run(CONFIRM, [id, reference]);
  const sold = await tx.run(SELL_SEATS, [id, seatIds]);
  if (sold !== seats.length || sold === 0) throw new Error(`Reservation ${id}: ${sold} of ${seats.length} seats sold`);
  const tickets = seats.map((seat) => ({ ticketId: randomUUID(), eventId: reservation.event_id, seat: seat.label }));
  await tx.run(ISSUE_TICKETS, [id, tickets.map((ticket) => ticket.ticketId), seatIds, tickets.map(sign)]);
  await tx.run(OWE_MAIL, [id, 'tickets', 0, null, ticketsMessageId(id, 0)]);
  // A buyer who was erased meanwhile can be sent nothing; the shop has the codes.
  if (reservation.erased) await dropTicketMails(tx, id, 'the buyer was erased');
  await appendHistory(tx, id, 'confirmed', actor, { reference });
}

const PAYMENT_GOES_BACK = sql(
  'settle_payment_goes_back',
  `update payments set status = 'refunding', refund_reason = $2, role = case role when 'kept' then 'surplus' else role end
    where reference = $1 and status = 'captured'`,
);
const OUTBOX_REFUND = sql('outbox_refund', `insert into outbox (kind, subject) values ('refund', $1)`);

/** Sends a payment back, once: the row, the order to the relay and the history are one with the caller's transaction. */
export async function refundPayment(
  tx: Queryable,
  payment: { reference: string; reservationId: string; reservationExists: boolean },
  reason: RefundReason,
  actor: string,
): Promise<void> {
  const { reference, reservationId, reservationExists } = payment;
  if ((await tx.run(PAYMENT_GOES_BACK, [reference, reason])) === 0) return;
  await tx.run(OUTBOX_REFUND, [reference]);
  if (!reservationExists) return;
  await appendHistory(tx, reservationId, 'refund_requested', actor, { reference, reason });
  // The one case that the buyer cannot know of from the shop: the money came, the seats were gone.
  if (reason === 'expired') {
    await tx.run(OWE_MAIL, [reservationId, 'late_payment_refund', 0, reference, lateRefundMessageId(reference)]);
  }
}

const DROP_MAILS = sql(
  'settle_drop_mails',
  // What has not gone out by now never will: the tickets in it are void, or there is nobody to write to.
  `update mails set refused = $2 where reservation_id = $1 and kind = 'tickets' and sent_at is null and refused is null`,
);

/** Ends the ticket mails that a reservation still owes. */
export async function dropTicketMails(tx: Queryable, reservationId: string, reason: string): Promise<void> {
  await tx.run(DROP_MAILS, [reservationId, reason]);
}

const VOID_TICKETS = sql('settle_void_tickets', `update tickets set status = 'void' where reservation_id = $1`);

/** A reservation under its locks, as the steps of one settlement leave it. */
interface Case {
  reservation: LockedReservation;
  seats: LockedSeat[];
  sign: TicketSigner;
  story: string[];
}

async function writeExpiry(tx: Queryable, case_: Case): Promise<void> {
  const { reservation, seats, story } = case_;
  await freeSeats(tx, reservation.id, seats);
  await tx.run(EXPIRE, [reservation.id]);
  await appendHistory(tx, reservation.id, 'expired', 'system');
  for (const seat of seats) {
    if (seat.owner === reservation.id) Object.assign(seat, { owner: null, free: true });
  }
  reservation.written_status = 'expired';
  story.push('the hold ended without a payment');
}

const factsOf = ({ reservation, seats }: Case): ReservationFacts => ({
  status: reservation.status,
  total: { amount: reservation.total, currency: reservation.currency },
  seatsObtainable: seats.length > 0 && seats.every((seat) => seat.owner === reservation.id || seat.free),
});

async function handlePayment(tx: Queryable, case_: Case, message: Message): Promise<string> {
  const { reservation, story } = case_;
  const reference = message.reference!;
  const decision = decidePayment(factsOf(case_), { amount: message.amount!, currency: message.currency! });
  if (decision.kind === 'confirm') {
    await confirm(tx, case_, reference, message.actor);
    Object.assign(reservation, { status: 'confirmed', written_status: 'confirmed', confirmed_by: reference });
    for (const seat of case_.seats) Object.assign(seat, { owner: reservation.id, free: false });
    story.push(`payment ${reference} confirmed the reservation`);
    return 'confirmed';
  }
  const payment = { reference, reservationId: reservation.id, reservationExists: true };
  await refundPayment(tx, payment, decision.reason, 'system');
  story.push(`payment ${reference} goes back (${decision.reason})`);
  return `refund_${decision.reason}`;
}

async function handleCancel(tx: Queryable, case_: Case, message: Message): Promise<string> {
  const { reservation, seats, story } = case_;
  const { id } = reservation;
  const decision = decideCancel(reservation);
  if (decision.kind === 'nothing') return reservation.status;
  if (decision.kind === 'void') {
    await tx.run(VOID_TICKETS, [id]);
    await dropTicketMails(tx, id, 'the reservation was cancelled first');
  }
  await freeSeats(tx, id, seats);
  await tx.run(CANCEL, [id]);
  await appendHistory(tx, id, 'cancelled', message.actor);
  if (decision.kind === 'void') {
    const payment = { reference: reservation.confirmed_by!, reservationId: id, reservationExists: true };
    await refundPayment(tx, payment, 'cancelled', 'system');
  }
  Object.assign(reservation, { status: 'cancelled', written_status: 'cancelled' });
  for (const seat of seats) Object.assign(seat, { owner: null, free: true });
  story.push(decision.kind === 'void' ? 'cancelled; tickets void, the payment goes back' : 'cancelled; seats released');
  return 'cancelled';
}

async function lock(tx: Queryable, id: string, sign: TicketSigner): Promise<Case | null> {
  // Looked at first: a hold that commits between the two locks would show its reservation without its seats.
  if ((await tx.rows(EXISTS, [id])).length === 0) return null;
  const seats = await tx.rows<LockedSeat>(LOCK_SEATS, [id]);
  const [reservation] = await tx.rows<LockedReservation>(LOCK_RESERVATION, [id]);
  faultPoint('settle.locked');
  return { reservation: reservation!, seats, sign, story: [] };
}

/**
 * Handles all that waits in a reservation's inbox, in order, in one transaction: each payment confirms it or goes back,
 * a cancel releases or voids. Safe to repeat: what is handled is marked in the same transaction.
 * @returns where the reservation then stands, or null if there is none of that id.
 */
export async function settleInbox(db: Database, id: string, sign: TicketSigner): Promise<Progress | null> {
  const progress = await db.transaction(async (tx) => {
    const case_ = await lock(tx, id, sign);
    if (!case_) return null;
    const messages = await tx.rows<Message>(UNHANDLED, [id]);
    const { written_status: written, status } = case_.reservation;
    if (messages.length > 0 && written === 'held' && status === 'expired') await writeExpiry(tx, case_);
    for (const message of messages) {
      const outcome = await (message.kind === 'payment' ? handlePayment : handleCancel)(tx, case_, message);
      await tx.run(HANDLED, [message.id, outcome]);
    }
    return readProgress(tx, id, case_.story);
  });
  faultPoint('settle.committed');
  return progress;
}

/**
 * Ends a hold whose time is over, by the database's clock. Changes nothing if it is not over yet, was paid in time, or
 * has ended already; the answer says which.
 */
export async function releaseOverdueHold(db: Database, id: string): Promise<Progress | null> {
  return db.transaction(async (tx) => {
    const case_ = await lock(tx, id, () => '');
    if (!case_) return null;
    if (case_.reservation.written_status === 'held' && case_.reservation.status === 'expired') {
      await writeExpiry(tx, case_);
      faultPoint('release.locked');
    }
    return readProgress(tx, id, case_.story);
  });
}
