import type { Check } from './check';

const SEAT = `format('seat %s of %s (id %s)', s.label, e.slug, s.id)`;

/** Checks of seats and their owners. */
export const seatChecks: readonly Check[] = [
  {
    name: 'seat owner and open allocation agree',
    why: 'otherwise a seat would be lost or sold twice',
    kind: 'invariant',
    over: 'seats',
    sql: `select s.id::text as id,
                 format('%s is %s and belongs to %s; its open allocation is of %s', ${SEAT}, s.status,
                        coalesce(s.reservation_id, 'nobody'), coalesce(a.reservation_id, 'nobody')) as detail
            from seats s join events e on e.id = s.event_id
            left join allocations a on a.seat_id = s.id and a.released_at is null
           where s.reservation_id is distinct from a.reservation_id
              or (s.reservation_id is null) <> (s.status in ('available', 'blocked'))`,
  },
  {
    name: 'no seat has two owners',
    why: 'two buyers would have the same seat',
    kind: 'invariant',
    over: 'allocations where released_at is null',
    sql: `select s.id::text as id, format('%s is claimed by %s', ${SEAT}, d.owners) as detail
            from (select seat_id, string_agg(reservation_id, ', ' order by reservation_id) as owners from allocations
                   where released_at is null group by seat_id having count(*) > 1) d
            join seats s on s.id = d.seat_id join events e on e.id = s.event_id`,
  },
  {
    name: 'a sold seat belongs to a confirmed reservation',
    why: 'a seat could not be sold although it is unpaid',
    kind: 'invariant',
    over: `seats where status = 'sold'`,
    sql: `select s.id::text as id,
                 format('%s is sold to reservation %s, which is %s', ${SEAT}, s.reservation_id, coalesce(r.status, 'unknown')) as detail
            from seats s join events e on e.id = s.event_id left join reservations r on r.id = s.reservation_id
           where s.status = 'sold' and r.status is distinct from 'confirmed'`,
  },
  {
    name: 'a held seat belongs to a held reservation, with the same end',
    why: 'a seat would become free too early, or never',
    kind: 'invariant',
    over: `seats where status = 'held'`,
    sql: `select s.id::text as id,
                 format('%s is held until %s for reservation %s, which is %s until %s', ${SEAT}, s.hold_ends_at, s.reservation_id,
                        coalesce(r.status, 'unknown'),
                        case when r.paid_in_time_at is null then r.hold_ends_at::text else 'it is decided (paid)' end) as detail
            from seats s join events e on e.id = s.event_id left join reservations r on r.id = s.reservation_id
           where s.status = 'held'
             and not exists (select from allocations a where a.reservation_id = s.reservation_id and a.seat_id = s.id and a.change_id is not null)
             and (r.status is distinct from 'held'
                  or s.hold_ends_at is distinct from
                     (case when r.paid_in_time_at is null then r.hold_ends_at else 'infinity' end))`,
  },
  {
    // What a quote held that an entry ended is freed by the reservation's actor.
    name: 'a seat held for a quote belongs to an open one, with the same end',
    why: 'a seat would become free too early, or never',
    kind: 'invariant',
    over: `allocations where change_id is not null and released_at is null`,
    sql: `select s.id::text as id, format('%s is held until %s for the change %s, which is %s until %s', ${SEAT}, s.hold_ends_at, c.id, c.status,
                 case when c.paid_in_time_at is null then c.expires_at::text else 'it is decided (paid)' end) as detail
            from allocations a join changes c on c.id = a.change_id join seats s on s.id = a.seat_id join events e on e.id = s.event_id
           where a.released_at is null and a.until_revision is not null
             and case c.status when 'quoted' then s.status <> 'held' or s.reservation_id is distinct from c.reservation_id
                                 or s.hold_ends_at is distinct from (case when c.paid_in_time_at is null then c.expires_at else 'infinity' end)
                   else c.ended_at < now() - interval '1 minute' end`,
  },
  {
    name: 'the sums of all changes lead to what a reservation costs',
    why: 'a buyer would have paid for other seats than those that there are',
    kind: 'invariant',
    over: 'changes',
    sql: `select c.id::text as id, format('change %s of %s begins at %s; what came before it ends at %s', c.id, c.reservation_id, c.total_before, c.before) as detail
            from (select c.*, coalesce(lag((c.result ->> 'total')::bigint) over of_one, c.total_before) as before,
                         lead(c.id) over of_one is null as is_last, (c.result ->> 'total')::bigint as after
                    from changes c where c.status = 'applied' window of_one as (partition by c.reservation_id order by c.ended_at, c.id)) c
            join reservations r on r.id = c.reservation_id
           where c.before <> c.total_before or (c.is_last and c.after <> r.total)
              or (c.of_sale and c.due <> greatest(0, c.after - c.total_before))
              or (c.of_sale and c.refund > greatest(0, c.total_before - c.after))`,
  },
  {
    // An overdue hold may have lost seats to another buyer; a hold that is ending right now may be
    // losing them.
    name: 'a hold in force has all its seats',
    why: 'its buyer would pay for seats that another buyer has',
    kind: 'invariant',
    over: `reservations where status = 'held'`,
    sql: `select r.id, format('held until %s%s, but %s', r.hold_ends_at, case when r.paid_in_time_at is null then '' else ', paid' end,
                 coalesce('not its own: ' || string_agg(s.label, ', ' order by s.id), 'it has no seats')) as detail
            from reservations r left join allocations a on a.reservation_id = r.id and a.until_revision is null left join seats s on s.id = a.seat_id
           where r.status = 'held' and (r.paid_in_time_at is not null or r.hold_ends_at > now() + interval '5 seconds')
             and (a.seat_id is null or a.released_at is not null or s.reservation_id is distinct from r.id or s.status <> 'held')
           group by r.id`,
  },
  {
    name: 'a confirmed reservation owns all its seats',
    why: 'its buyer has paid for them',
    kind: 'invariant',
    over: `reservations where status = 'confirmed'`,
    sql: `select r.id, format('confirmed at %s, but %s', r.confirmed_at,
                 coalesce('not its own: ' || string_agg(s.label, ', ' order by s.id), 'it has no seats')) as detail
            from reservations r left join allocations a on a.reservation_id = r.id and a.until_revision is null left join seats s on s.id = a.seat_id
           where r.status = 'confirmed'
             and (a.seat_id is null or a.released_at is not null or s.reservation_id is distinct from r.id or s.status <> 'sold')
           group by r.id`,
  },
  {
    name: 'an ended reservation owns nothing',
    why: 'its seats could not be sold to other buyers',
    kind: 'invariant',
    over: `reservations where status in ('expired', 'cancelled')`,
    sql: `select r.id, format('%s at %s, but still claims %s', r.status, r.ended_at, string_agg(s.label, ', ' order by s.id)) as detail
            from reservations r
            join (select reservation_id, seat_id from allocations where released_at is null
                  union select reservation_id, id from seats where reservation_id is not null) o on o.reservation_id = r.id
            join seats s on s.id = o.seat_id
           where r.status in ('expired', 'cancelled') group by r.id`,
  },
  {
    name: 'a reservation claims seats of its own events, and its total is what they cost with fees and tax',
    why: 'the buyer is charged this total for these seats',
    kind: 'invariant',
    over: 'reservations',
    sql: `select r.id, format('total %s %s, prices %s, fees and tax %s, seats of another event: %s', r.total, r.currency, s.price,
                 added_to_tickets(r.fees, r.taxes), s.foreign_seats) as detail
            from reservations r, lateral (
              select coalesce(sum(a.price), 0) as price, count(a.seat_id) as seats,
                     count(*) filter (where s.event_id <> all (coalesce(r.event_ids, array[r.event_id]))) as foreign_seats
                from allocations a join seats s on s.id = a.seat_id where a.reservation_id = r.id and a.until_revision is null) s
           where r.total <> s.price + added_to_tickets(coalesce(r.fees, '[]'), coalesce(r.taxes, '[]')) or s.seats = 0 or s.foreign_seats > 0`,
  },
  {
    name: 'the use of a code belongs to a reservation with that code, as it stands',
    why: 'a code would be used more often than it may be, or not at all',
    kind: 'invariant',
    over: 'code_uses',
    sql: `select u.code_id::text as id, format('use %s is %s until %s of reservation %s, which is %s', u.number, u.status, u.hold_ends_at,
                 u.reservation_id, coalesce(r.status, 'unknown')) as detail
            from code_uses u left join reservations r on r.id = u.reservation_id
           where u.status <> 'free' and (r.code_id is distinct from u.code_id
             or (u.status = 'used') <> (r.status = 'confirmed')
             or (u.status = 'held' and (r.status <> 'held' or u.hold_ends_at is distinct from
                  (case when r.paid_in_time_at is null then r.hold_ends_at else 'infinity' end))))`,
  },
  {
    name: 'a sale or a hold in force with a limited code has its use',
    why: 'a code would be used more often than it may be, and a hold could not be confirmed',
    kind: 'invariant',
    over: `reservations where code_id is not null and status in ('held', 'confirmed')`,
    sql: `select r.id, format('%s with the code %s, of which it has no use', r.status, k.code) as detail
            from reservations r join codes k on k.id = r.code_id
           where k.max_uses is not null
             and (r.status = 'confirmed' or (r.status = 'held' and (r.paid_in_time_at is not null or r.hold_ends_at > now() + interval '5 seconds')))
             and not exists (select from code_uses u where u.reservation_id = r.id and u.code_id = k.id and u.status <> 'free')`,
  },
  {
    name: 'a code has as many uses as it may have, and one without a limit has none',
    why: 'it would be used more often than it may be, or could not be used',
    kind: 'invariant',
    over: 'codes',
    sql: `select k.id::text as id, format('%s may be used %s times and has %s uses', k.code, coalesce(k.max_uses::text, 'any number of'), count(u.number)) as detail
            from codes k left join code_uses u on u.code_id = k.id group by k.id having count(u.number) <> coalesce(k.max_uses, 0)`,
  },
  {
    name: 'a seat in an allotment is of its event and has its end, and an ended one keeps none',
    why: 'a seat would be blocked for everyone, or for longer than was said',
    kind: 'invariant',
    over: 'seats where allotment_id is not null',
    sql: `select s.id::text as id, format('%s is in allotment %s until %s, which is of another event: %s, until %s, ended %s', ${SEAT}, a.id,
                 s.allotment_until, a.event_id <> s.event_id, a.until, coalesce(a.ended_at::text, 'not yet')) as detail
            from seats s join events e on e.id = s.event_id join allotments a on a.id = s.allotment_id
           where a.event_id <> s.event_id or s.allotment_until <> a.until or a.ended_at is not null`,
  },
  {
    name: 'a seat that was taken while it is in an allotment was taken from it',
    why: 'somebody would have a seat that was kept for others',
    kind: 'invariant',
    over: `seats where allotment_until > now() and status in ('held', 'sold')`,
    sql: `select s.id::text as id, format('%s is in allotment %s and %s, taken from %s by reservation %s', ${SEAT}, s.allotment_id, s.status,
                 coalesce(a.allotment_id::text, 'the open sale'), s.reservation_id) as detail
            from seats s join events e on e.id = s.event_id join allocations a on a.reservation_id = s.reservation_id and a.seat_id = s.id
           where s.allotment_until > now() and s.status in ('held', 'sold') and not seat_is_free(s.status, s.hold_ends_at)
             and a.allotment_id is distinct from s.allotment_id`,
  },
  {
    // A hold that began before the allotment was given to another client may commit after that.
    name: 'a seat of an allotment was taken by its client or by an operator',
    why: 'somebody would have a seat that was kept for others',
    kind: 'invariant',
    over: 'allocations where allotment_id is not null',
    sql: `select s.id::text as id, format('%s of allotment %s, which is for %s, was taken by %s', ${SEAT}, k.id, coalesce(k.client, 'operators'), r.client) as detail
            from allocations a join allotments k on k.id = a.allotment_id join reservations r on r.id = a.reservation_id
            join seats s on s.id = a.seat_id join events e on e.id = s.event_id
           where a.released_at is null and r.client is distinct from k.client
             and (k.revision = 1 or r.created_at > k.client_since + interval '1 minute')
             and r.client in (select client from api_keys group by client having bool_and(role <> 'operator'))`,
  },
];
