import type { ChangeFacts } from '../domain/settlement';
import { writeChangedOrder, type ChangedOrder } from './changes';
import { sql, type Queryable } from './database';
import { oweTicketsAnew } from './mails';
import {
  appendHistory,
  dropTicketMails,
  issueTickets,
  refundSale,
  type LockedReservation,
  type TicketSigner,
} from './transitions';

/** A change, locked with its reservation and all seats that it concerns. */
export interface LockedChange {
  id: string;
  order: ChangedOrder;
  released: number[];
  taken: number[];
  refund: number;
  facts: ChangeFacts;
}

interface Row {
  status: ChangeFacts['change'];
  in_time: boolean;
  result: ChangedOrder;
  released: number[];
  taken: number[];
  due: number;
  refund: number;
  currency: string;
  event_started: boolean;
  takes_obtainable: boolean;
  releases_unused: boolean;
  overtaken: boolean;
}

// The seats are locked already, by the claims of the reservation; here again, should a later change have taken one over.
const LOCK_SEATS = sql(
  'change_lock_its_seats',
  `select from seats where id = any (select unnest(released || taken) from changes where id = $1) order by id for update`,
);
const LOCK_TICKETS = sql(
  'change_lock_its_tickets',
  `select from tickets where reservation_id = $1 order by id for update`,
);
const LOCK = sql<Row>(
  'change_lock',
  `select c.status, c.status = 'quoted' and c.paid_in_time_at is not null as in_time, c.result, c.released, c.taken, c.due, c.refund, c.currency,
          -- One that it concerns; or any of the order since it was quoted.
          exists (select from events e where e.starts_at <= clock_timestamp() and (
             e.id in (select event_id from seats where id = any (c.taken || seats_given_up_by(c)))
             or (e.starts_at > c.created_at and e.slug in (select jsonb_array_elements_text(c.result -> 'events'))))) as event_started,
          not exists (select from seats s where s.id = any (c.taken)
             and not ((s.reservation_id = c.reservation_id and s.status = 'held' and not seat_is_free(s.status, s.hold_ends_at))
               or seat_is_free_for((select a.allotment_id from allocations a where a.reservation_id = c.reservation_id and a.seat_id = s.id),
                                   s.status, s.hold_ends_at, s.allotment_id, s.allotment_until)
                 and (s.reservation_id is not distinct from c.reservation_id
                   or s.active and (select active from price_categories p where p.event_id = s.event_id and p.code = s.category_code)))) as takes_obtainable,
          not exists (select from unnest(seats_given_up_by(c)) seat where not exists (
             select from tickets t join seats s on s.id = t.seat_id
              where t.reservation_id = c.reservation_id and t.seat_id = seat and t.status = 'valid'
                and s.reservation_id = c.reservation_id and s.status = 'sold')) as releases_unused,
          exists (select from changes other where other.reservation_id = c.reservation_id and other.id <> c.id
             and ((other.status = 'applied' and other.of_sale and other.ended_at > c.created_at)
               or (other.status = 'quoted' and other.paid_in_time_at is not null))) as overtaken
     from changes c where c.id = $1 and c.reservation_id = $2 for update of c`,
);

/** Locks a change of a reservation that is locked. */
export async function lockChange(
  tx: Queryable,
  reservation: LockedReservation,
  id: string,
): Promise<LockedChange> {
  await tx.run(LOCK_SEATS, [id]);
  await tx.run(LOCK_TICKETS, [reservation.id]);
  const [row] = await tx.rows(LOCK, [id, reservation.id]);
  if (!row) throw new Error(`Reservation ${reservation.id} has no change ${id}`);
  return {
    id,
    order: row.result,
    released: row.released.map(Number),
    taken: row.taken.map(Number),
    refund: row.refund,
    facts: {
      change: row.status,
      inTime: row.in_time,
      due: { amount: row.due, currency: row.currency },
      reservation: reservation.status,
      cancelRequested: reservation.cancel_requested,
      eventStarted: row.event_started,
      takesObtainable: row.takes_obtainable,
      releasesUnused: row.releases_unused,
      overtaken: row.overtaken,
    },
  };
}

const VOID = sql(
  'change_void_tickets',
  `update tickets set status = 'void', voided_at = clock_timestamp(), void_reason = 'changed'
    where reservation_id = $1 and seat_id = any ($2) and status <> 'void'`,
);
const SEATS = sql<{ id: number; label: string; event_id: string }>(
  'change_taken_seats',
  'select id, label, event_id from seats where id = any ($1) order by id',
);
// A late payment applies a change while a later quote is open: that one was made for the order before it.
const END_OTHER_QUOTE = sql(
  'change_end_other_quote',
  `select end_change(id, 'expired', 'payment', 'system') from changes
    where reservation_id = $1 and id <> $2 and status = 'quoted'`,
);
const PAYMENT_CONFIRMS = sql(
  'change_payment_confirms',
  `update payments set role = 'confirming' where reference = $1 and reservation_id = $2 and change_id = $3`,
);
const APPLIED = sql(
  'change_applied',
  `with applied as (
     update changes set status = 'applied', ended_at = clock_timestamp(), paid_in_time_at = null where id = $1)
   insert into outbox (kind, subject, sequence) values ('change', $1::text, 1)`,
);

/**
 * Applies a change to a sale, in one transaction: seats given back and sold, old codes void and new ones issued, the
 * money for it counted or ordered back, and the tickets owed anew.
 */
export async function applyChange(
  tx: Queryable,
  reservation: LockedReservation,
  { id: changeId, order, released, taken, refund }: LockedChange,
  { reference, actor }: { reference: string | null; actor: string },
  sign: TicketSigner,
): Promise<void> {
  const { id } = reservation;
  const revision = reservation.revision + 1;
  await tx.run(END_OTHER_QUOTE, [id, changeId]);
  if (released.length > 0) await tx.run(VOID, [id, released]);
  await writeChangedOrder(tx, {
    id,
    revision,
    released,
    taken,
    order,
    seatStatus: 'sold',
    holdEndsAt: null,
  });
  if (reference !== null) await tx.run(PAYMENT_CONFIRMS, [reference, id, changeId]);
  await issueTickets(tx, { id, revision }, await tx.rows(SEATS, [taken]), sign);
  if (refund > 0) await refundSale(tx, id, refund, 'change');
  await tx.run(APPLIED, [changeId]);
  const data = { change: changeId, revision };
  await appendHistory(tx, id, 'reservation.changed', actor, data);
  await appendHistory(tx, id, 'change.applied', actor, data);
  await oweTicketsAnew(tx, id);
  if (reservation.erased) await dropTicketMails(tx, id, 'the buyer was erased');
  reservation.revision = revision;
  reservation.total = order.total;
  reservation.notes.push(
    reference === null
      ? 'a change was applied'
      : `payment ${reference} paid for a change, which was applied`,
  );
}

const END = sql('change_transition_end', `select end_change($1, 'expired', $2, 'system')`);
const UNPIN = sql(
  'change_unpin',
  `with unpinned as (
     update changes c set paid_in_time_at = null where id = $1 and status = 'quoted' and paid_in_time_at is not null
        and not exists (select from payments p where p.change_id = c.id and p.role = 'kept' and payment_left(p.id) = c.due and p.currency = c.currency)
      returning reservation_id, taken, expires_at)
   update seats s set hold_ends_at = u.expires_at from unpinned u
    where s.id = any (u.taken) and s.reservation_id = u.reservation_id and s.status = 'held'`,
);
const RELEASE_ENDED = sql(
  'change_release_ended',
  `select release_change(c.id) from changes c where c.reservation_id = $1 and c.status in ('expired', 'withdrawn') and exists (
     select from allocations a where a.reservation_id = c.reservation_id and a.change_id = c.id and a.released_at is null)`,
);

/** Ends a quote that cannot be applied any more. */
export async function endChange(
  tx: Queryable,
  { id }: LockedChange,
  why: 'payment',
): Promise<void> {
  await tx.run(END, [id, why]);
}

/** Ends the pin of a quote that no payment pays for any more: it ends at its own time. */
export async function unpinChange(tx: Queryable, { id }: LockedChange): Promise<void> {
  await tx.run(UNPIN, [id]);
}

/** Frees what quotes of a reservation still hold although they have ended at the door. */
export async function releaseEndedChanges(tx: Queryable, reservationId: string): Promise<void> {
  await tx.run(RELEASE_ENDED, [reservationId]);
}
