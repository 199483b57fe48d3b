import type { Check } from './check';

/** Checks of what buyers received: tickets and mails. */
export const deliveryChecks: readonly Check[] = [
  {
    name: 'a confirmed reservation has one live ticket for each seat',
    why: 'its buyer would be refused at the door',
    kind: 'invariant',
    over: `allocations a join reservations r on r.id = a.reservation_id where r.status = 'confirmed'`,
    sql: `select r.id, format('seat %s (id %s) has %s live tickets', s.label, s.id, count(t.id)) as detail
            from reservations r join allocations a on a.reservation_id = r.id and a.until_revision is null join seats s on s.id = a.seat_id
            left join tickets t on t.reservation_id = r.id and t.seat_id = s.id and t.status <> 'void'
           where r.status = 'confirmed' and r.cancel_requested_at is null group by r.id, s.id having count(t.id) <> 1`,
  },
  {
    name: 'a live ticket belongs to a confirmed reservation that has its seat, alone',
    why: 'a person would be admitted without a payment, or two people with one seat',
    kind: 'invariant',
    over: `tickets where status <> 'void'`,
    sql: `select t.reservation_id as id, format('ticket %s (%s) for seat id %s%s; the reservation is %s%s', t.id, t.status, t.seat_id,
                 case when a.seat_id is null then ', which was given back' end,
                 coalesce(r.status, 'unknown'), ', its cancel accepted at ' || r.cancel_requested_at) as detail
            from tickets t left join reservations r on r.id = t.reservation_id
            left join allocations a on a.reservation_id = t.reservation_id and a.seat_id = t.seat_id and a.until_revision is null
           where t.status <> 'void' and (r.status is distinct from 'confirmed' or a.seat_id is null
                  or (t.status = 'valid' and r.cancel_requested_at is not null)
                  or exists (select from tickets o where o.seat_id = t.seat_id and o.status <> 'void' and o.id <> t.id))`,
  },
  {
    name: 'a used ticket says when it was used, and the history that it was',
    why: 'a second check-in of the ticket is answered with the time of the first',
    kind: 'invariant',
    over: `tickets where status = 'used' or used_at is not null`,
    sql: `select coalesce(t.reservation_id, h.reservation_id) as id,
                 format('used tickets: %s, with a time: %s, check-ins in the history: %s', coalesce(t.used, 0), coalesce(t.dated, 0), coalesce(h.entered, 0)) as detail
            from (select reservation_id, count(*) filter (where status = 'used') as used, count(used_at) as dated,
                         bool_or((status = 'used' and used_at is null) or (status = 'valid' and used_at is not null)) as undated
                    from tickets where status = 'used' or used_at is not null group by reservation_id) t
            full join (select reservation_id, count(*) filter (where history_type(type) = 'ticket.checked_in')
                              - count(*) filter (where type = 'ticket.check_in_undone') as entered
                         from history where history_type(type) = 'ticket.checked_in' or type = 'ticket.check_in_undone' group by reservation_id) h
              on h.reservation_id = t.reservation_id
           where coalesce(t.dated, 0) <> coalesce(h.entered, 0) or t.undated`,
  },
  {
    name: 'at most one mail for each occasion',
    why: 'a buyer would receive the same mail several times',
    kind: 'invariant',
    over: 'mails',
    sql: `select reservation_id as id, format('%s mails: %s %s %s', count(*), kind, sequence, reference) as detail
            from mails group by reservation_id, kind, sequence, reference, refund_id having count(*) > 1`,
  },
  {
    name: 'mails are owed only for what has happened',
    why: 'a buyer would get tickets for nothing, or news of what is not so',
    kind: 'invariant',
    over: 'mails',
    sql: `select m.reservation_id as id, format('mail %s (%s %s); the reservation is %s, confirmed at %s%s', m.id, m.kind, m.sequence, r.status,
                 coalesce(r.confirmed_at::text, 'no time'), ', payment ' || p.reference || ' ' || p.status || ' ' || coalesce(p.refund_reason, '')) as detail
            from mails m left join reservations r on r.id = m.reservation_id left join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id
           where case m.kind when 'tickets' then r.confirmed_at is null
                   when 'cancelled' then r.confirmed_at is null or r.status <> 'cancelled'
                   when 'refund' then not exists (select from refunds f join payments q on q.id = f.payment_id
                                                   where f.id = m.refund_id and q.reservation_id = m.reservation_id)
                                   or (m.sent_at is not null and (select f.succeeded_at is null and f.status <> 'failed' from refunds f where f.id = m.refund_id))
                   when 'event_changed' then not exists (select from event_notices n where n.id = m.notice_id)
                   else p.refund_reason is null end`,
  },
  {
    name: 'what has happened has its mail',
    why: 'a buyer would hear nothing of tickets, of a cancel or of a refund',
    kind: 'invariant',
    over: 'reservations where confirmed_at is not null',
    sql: `select r.id, format('confirmed at %s, but no mail with the tickets is owed or sent', r.confirmed_at) as detail
            from reservations r
           where r.confirmed_at is not null
             and not exists (select from mails m where m.reservation_id = r.id and m.kind = 'tickets' and m.sequence = 0)
          union all
          select p.reservation_id, format('%s of payment %s goes back, but no mail about it is owed or sent', f.amount, p.reference)
            from refunds f join payments p on p.id = f.payment_id join reservations r on r.id = p.reservation_id
           where f.status <> 'failed' and f.amount > 0 and f.provider_key is null and r.buyer_email is not null
             -- A buyer who was named after the refund gets mails about what follows, not about that.
             and not exists (select from history h where h.reservation_id = r.id and h.type = 'reservation.updated'
                               and h.at > f.created_at and h.data -> 'changed' ? 'buyer')
             and not exists (select from mails m where m.refund_id = f.id)
          union all
          select r.id, format('cancelled at %s, but no mail about it is owed or sent', r.ended_at)
            from reservations r
           -- Release 1.0 wrote no mail about a cancel, and did not say what goes back.
           where r.status = 'cancelled' and r.confirmed_at is not null and r.cancel_refund is not null and r.buyer_email is not null
             and not exists (select from history h where h.reservation_id = r.id and h.type = 'reservation.updated'
                               and h.at > r.ended_at and h.data -> 'changed' ? 'buyer')
             and not exists (select from mails m where m.reservation_id = r.id and m.kind = 'cancelled')`,
  },
  {
    name: 'delivered means mailed, or refused by the mail server, with the tickets printed',
    why: 'a delivery that is recorded as done is never retried',
    kind: 'invariant',
    over: `reservations where confirmed_at is not null`,
    sql: `select r.id, format('%s, delivered at %s; its mail was sent at %s, refused: %s; tickets printed: %s', r.status,
                 coalesce(r.delivered_at::text, 'no time'), coalesce(m.sent_at::text, 'no time'), coalesce(m.refused, 'no'),
                 exists (select from ticket_documents d where d.reservation_id = r.id)) as detail
            from reservations r left join mails m on m.reservation_id = r.id and m.kind = 'tickets' and m.sequence = 0
           where (r.delivered_at is not null and m.sent_at is null and m.refused is null)
              or (r.status = 'confirmed' and r.delivered_at is null and (m.sent_at is not null or m.refused is not null))
              or (m.sent_at is not null and r.erased_at is null
                  and not exists (select from ticket_documents d where d.reservation_id = r.id))`,
  },
  {
    name: 'tickets are printed only for what was confirmed',
    why: 'a document with tickets would exist for unpaid seats',
    kind: 'invariant',
    over: 'ticket_documents',
    sql: `select d.reservation_id as id, format('printed at %s, but never confirmed', d.created_at) as detail
            from ticket_documents d left join reservations r on r.id = d.reservation_id where r.confirmed_at is null`,
  },
];
