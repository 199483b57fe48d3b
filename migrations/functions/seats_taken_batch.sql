-- Returns which of several requests cannot win at this moment because a seat is taken, in one round
-- trip for many requests. It refuses only what `hold_seats` would refuse as `taken`; `hold_seats`
-- decides all other requests. It is one statement, so it sees the key and the seats of each request
-- at the same moment.
create or replace function seats_taken_batch(p_ids text[], p_events text[], p_labels jsonb[])
returns table (request integer, taken text[]) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return query
    select asked.n::integer, seen.taken
      from unnest(p_ids, p_events, p_labels) with ordinality asked (id, event, labels, n)
      join lateral (select * from events where slug = asked.event offset 0) e on true
      join lateral (
        select count(*) as wanted, count(seat.id) as known,
               array_agg(seat.label order by seat.id) filter (where not seat_is_free(seat.status, seat.hold_ends_at)) as taken
          from jsonb_array_elements_text(asked.labels) wanted (label)
          left join lateral (select * from seats where event_id = e.id and label = wanted.label offset 0) seat on true) seen on true
     where seen.taken is not null and seen.known = seen.wanted and seen.wanted <= e.max_seats_per_reservation
       and coalesce(clock_timestamp() >= e.sales_open_at, true) and clock_timestamp() < least(e.sales_close_at, e.starts_at)
       and not exists (select from reservations where id = asked.id);
end $$;
