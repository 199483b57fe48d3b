-- Returns which of several requests cannot win at this moment because a seat is taken, in one round trip for many
-- requests. It refuses only what `hold_order` would refuse as `taken`; `hold_order` decides all other requests. It is one
-- statement, so it sees the key and the seats of each request at the same moment.
-- p_seats: of each request [[slug, label, allotment or null], …]. Who names an allotment is left to `hold_order`.
create or replace function orders_taken_batch(p_ids text[], p_seats jsonb[])
returns table (request integer, taken jsonb) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return query
    select asked.n::integer, seen.taken
      from unnest(p_ids, p_seats) with ordinality asked (id, seats, n)
      join lateral (
        select count(*) as wanted, count(seat.id) as known,
               jsonb_agg(jsonb_build_object('event', e.slug, 'label', seat.label) order by seat.id)
                 filter (where not seat_is_free_for(null, seat.status, seat.hold_ends_at, seat.allotment_id, seat.allotment_until)) as taken,
               bool_or(wanted.name ->> 2 is not null) as names_an_allotment,
               bool_and(coalesce(clock_timestamp() >= e.sales_open_at, true) and clock_timestamp() < least(e.sales_close_at, e.starts_at)
                        and not e.sales_paused) as open,
               min(e.max_seats_per_reservation) as most
          from jsonb_array_elements(asked.seats) wanted (name)
          left join lateral (select * from events where slug = wanted.name ->> 0 offset 0) e on true
          left join lateral (select * from seats where event_id = e.id and label = wanted.name ->> 1 offset 0) seat on true) seen on true
     where seen.taken is not null and seen.known = seen.wanted and seen.wanted <= seen.most and seen.open and not seen.names_an_allotment
       and not exists (select from reservations where id = asked.id);
end $$;
