import { sql, type Database } from '../product';
import type { HistoryType } from './product';

/**
 * Rows of the big database. A reservation has one seat, and ten entries in the history; those without payment that are
 * not open have expired.
 */
export interface Size {
  seats: number;
  reservations: number;
  payments: number;
  openHolds: number;
}

/** In the proportions of 500,000 reservations: a million seats, 400,000 payments, 20,000 open holds. */
export const sizeOf = (reservations: number): Size => ({
  seats: 2 * reservations,
  reservations,
  payments: Math.floor(0.8 * reservations),
  openHolds: Math.floor(0.04 * reservations),
});

const SEATS_OF_AN_EVENT = 10_000;
const HISTORY: readonly HistoryType[] = [
  'reservation.held',
  'reservation.extended',
  'reservation.updated',
  'payment.received',
  'reservation.confirmed',
  'tickets.ready',
  'tickets.mailed',
  'tickets.resend_requested',
  'tickets.mailed',
  'ticket.checked_in',
];

/**
 * Of each 100 paid reservations one was paid a second time, and the second payment went back. Of each 1000 reservations
 * one is of a small client.
 */
const STEPS = ({ seats, reservations, payments, openHolds }: Size): string[] => [
  // The rows are consistent by construction; the triggers would take many minutes.
  'set local session_replication_role = replica',
  `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
   select 'big-' || n, 'Big', now() + n * interval '1 hour', 'UTC', 'EUR', 10
     from generate_series(0, ${Math.ceil(seats / SEATS_OF_AN_EVENT) - 1}) n`,
  `insert into price_categories (event_id, code, name, price, ordinal) select id, 'all', 'All', 4500, 1 from events`,
  `create temporary table plan on commit drop as
   select n, 'big-' || lpad(n::text, 8, '0') as id, 'pay-' || n as reference, e.id as event_id,
          now() - (${reservations} - n) * interval '10 seconds' as at,
          case when n <= ${payments} then 'confirmed' when n <= ${payments + openHolds} then 'held' else 'expired' end as status
     from generate_series(1, ${reservations}) n join events e on e.slug = 'big-' || (n - 1) / ${SEATS_OF_AN_EVENT}`,
  'analyze plan',
  `insert into reservations (id, event_id, client, status, buyer_name, buyer_email, buyer_key, total, currency, created_at,
                             hold_ends_at, hold_cap_at, confirmed_by, confirmed_at, ended_at, delivered_at)
   select id, event_id, case when n % 1000 = 0 then 'small' else 'big' end, status, 'Ada', 'ada@example.org', sha256((n / 5)::text::bytea), 4500, 'EUR', at,
          case status when 'held' then now() + n * interval '1 second' else at + interval '10 minutes' end,
          now() + interval '1 year', case status when 'confirmed' then reference end,
          case status when 'confirmed' then at end, case status when 'expired' then at + interval '10 minutes' end,
          case status when 'confirmed' then at end
     from plan`,
  `insert into seats (event_id, label, section, category_code, status, reservation_id, hold_ends_at)
   select e.id, 'S-' || n, 'Hall', 'all',
          case p.status when 'confirmed' then 'sold' when 'held' then 'held' else 'available' end,
          case when p.status <> 'expired' then p.id end, case p.status when 'held' then now() + p.n * interval '1 second' end
     from generate_series(1, ${seats}) n join events e on e.slug = 'big-' || (n - 1) / ${SEATS_OF_AN_EVENT}
     left join plan p using (n) order by n`,
  `insert into allocations (reservation_id, seat_id, price, released_at)
   select p.id, s.id, 4500, case p.status when 'expired' then p.at end
     from plan p join seats s on s.event_id = p.event_id and s.label = 'S-' || p.n`,
  `insert into payments (reference, reservation_id, amount, currency, source, captured_by, role, received_at)
   select reference, id, 4500, 'EUR', 'client', 'client', 'confirming', at from plan where status = 'confirmed'`,
  `insert into payments (reference, reservation_id, amount, currency, source, captured_by, role, received_at, status,
                         refund_reason, refunded_at, refund_ordered, refunded)
   select 'again-' || n, id, 4500, 'EUR', 'client', 'client', 'surplus', at, 'refunded', 'duplicate', at, 4500, 4500
     from plan where status = 'confirmed' and n % 100 = 0`,
  `insert into refunds (payment_id, amount, status, given_by, reason, created_at, succeeded_at)
   select id, 4500, 'succeeded', 'client', 'duplicate', received_at, received_at from payments where role = 'surplus'`,
  `insert into inbox (reservation_id, kind, reference, actor, received_at, handled_at, outcome)
   select reservation_id, 'payment', reference, 'client:big', received_at, received_at, 'confirmed' from payments`,
  `insert into mails (reservation_id, kind, message_id, requested_at, sent_at)
   select id, 'tickets', 'tickets-' || id, at, at from plan where status = 'confirmed'`,
  `insert into ticket_documents (reservation_id, pdf, created_at) select id, '%PDF', at from plan where status = 'confirmed'`,
  `insert into tickets (id, reservation_id, seat_id, code)
   select gen_random_uuid(), a.reservation_id, a.seat_id, 'big-' || a.seat_id
     from allocations a where a.released_at is null`,
  `insert into history (reservation_id, at, type, actor)
   select id, at + k * interval '1 second', (array[${HISTORY.map((type) => `'${type}'`).join(', ')}])[k], 'client:big'
     from plan, generate_series(1, ${HISTORY.length}) k`,
  // All of it is numbered, but for what the feed's writer is to find.
  `insert into feed (sequence, history_id, numbered_at, client, for_all, mark)
   select h.id, h.id, now(), r.client, false, 1 from history h join reservations r on r.id = h.reservation_id`,
  `update feed_head set sequence = h.last, mark = 1, looked_to = h.last from (select max(id) as last from history) h`,
  `insert into history (reservation_id, type, actor)
   select id, 'ticket.checked_in', 'client:big' from plan where status = 'confirmed' limit 1000`,
];

/** Fills an empty database, and brings its statistics up to date. */
export async function fillBigDatabase(db: Database, size: Size): Promise<void> {
  await db.transaction(async (tx) => {
    for (const [index, step] of STEPS(size).entries()) await tx.run(sql(`big_${index}`, step));
  });
  await db.run(sql('big_vacuum', 'vacuum (analyze)'));
}
