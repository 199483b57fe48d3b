import { OUTBOX_KINDS } from '../outbox-kinds';
import type { Check } from './check';

const STATUS_TYPES = `('reservation.held', 'reservation.confirmed', 'reservation.expired', 'reservation.cancelled')`;
/** The history with current type names; release 1.0 wrote different ones. */
const HISTORY = `(select id, reservation_id, history_type(type) as type, data from history)`;

/** Compares history and inbox with the state of the reservations. */
export const historyChecks: readonly Check[] = [
  {
    name: "a history begins with the hold, goes a legal way and ends at the reservation's status",
    why: 'disputes are decided with the history',
    kind: 'invariant',
    over: 'history',
    sql: `select r.id, format('it is %s; its history begins with %s and goes %s', r.status, coalesce(h.first, 'nothing'), coalesce(h.path, 'nowhere')) as detail
            from reservations r
            left join (select reservation_id, (array_agg(type order by id))[1] as first,
                              string_agg(split_part(type, '.', 2), ' > ' order by id) filter (where type in ${STATUS_TYPES}) as path
                         from ${HISTORY} history group by reservation_id) h on h.reservation_id = r.id
           where h.first is distinct from 'reservation.held'
              or (r.status, h.path) not in (('held', 'held'), ('confirmed', 'held > confirmed'), ('confirmed', 'held > expired > confirmed'),
                   ('expired', 'held > expired'), ('cancelled', 'held > cancelled'), ('cancelled', 'held > confirmed > cancelled'),
                   ('cancelled', 'held > expired > confirmed > cancelled'))`,
  },
  {
    name: 'a confirmation is told once, with its payment',
    why: 'the history would name the wrong payment',
    kind: 'invariant',
    over: 'reservations where confirmed_at is not null',
    sql: `select r.id, format('confirmed by %s; the history says %s', coalesce(r.confirmed_by, 'nothing'), coalesce(h.told, 'nothing')) as detail
            from reservations r
            full join (select reservation_id, string_agg(coalesce(data ->> 'reference', '?'), ', ' order by id) as told
                         from ${HISTORY} history where type = 'reservation.confirmed' group by reservation_id) h on h.reservation_id = r.id
           where r.confirmed_by is distinct from h.told or (r.confirmed_by is null) <> (r.confirmed_at is null)`,
  },
  {
    // What was paid for a reservation that never came to be has no history to stand in. Release 1.0
    // named no refund, and knew one a payment.
    name: 'a refund is told once, when it is ordered and when it is done',
    why: 'two entries look like two refunds',
    kind: 'invariant',
    over: 'refunds',
    sql: `select f.id::text, format('reservation %s: the refund is %s (%s); the history has %s orders, %s refunds and %s failures', p.reservation_id, f.status,
                 f.reason, coalesce(h.ordered, 0), coalesce(h.done, 0), coalesce(h.failed, 0)) as detail
            from refunds f join payments p on p.id = f.payment_id join reservations r on r.id = p.reservation_id
            left join (select reservation_id, coalesce(data ->> 'refund', data ->> 'reference') as refund,
                              count(*) filter (where type = 'refund.created') as ordered, count(*) filter (where type = 'refund.succeeded') as done,
                              count(*) filter (where type = 'refund.failed') as failed
                         from ${HISTORY} history where type like 'refund.%' group by 1, 2) h
              on h.reservation_id = p.reservation_id and h.refund = case when f.provider_key is null then f.id::text else p.reference end
           where f.provider_key is null and f.created_at >= r.created_at
             and (coalesce(h.ordered, 0) <> 1 or (f.status = 'succeeded' and coalesce(h.done, 0) <> 1)
                  or (f.status = 'pending' and coalesce(h.done, 0) + coalesce(h.failed, 0) > 0)
                  or (f.status = 'failed' and coalesce(h.failed, 0) <> 1))`,
  },
  {
    name: 'a handled cancel has ended its reservation',
    why: 'a client was told that the reservation ended',
    kind: 'invariant',
    over: `inbox where kind = 'cancel'`,
    sql: `select i.reservation_id as id, format('inbox row %s was handled at %s as %s; the reservation is %s', i.id, i.handled_at, i.outcome, coalesce(r.status, 'unknown')) as detail
            from inbox i left join reservations r on r.id = i.reservation_id
           where i.kind = 'cancel' and i.handled_at is not null
             and not coalesce(case i.outcome when 'cancelled' then r.status = 'cancelled'
                                when 'expired' then r.status in ('expired', 'confirmed', 'cancelled') else false end, false)`,
  },
  {
    name: 'an outbox entry is about something that exists',
    why: 'an entry without a subject can never be carried out',
    kind: 'invariant',
    over: 'outbox',
    sql: Object.entries(OUTBOX_KINDS)
      .map(
        ([kind, { subject }]) =>
          `select o.id::text, format('%s of %s since %s: it is not among the ${subject.table}', o.kind, o.subject, o.created_at) as detail
             from outbox o where o.kind = '${kind}'
              and not exists (select from ${subject.table} s where s.${subject.key}::text = o.subject)`,
      )
      .join(' union all '),
  },
];
