-- Whether a buyer would have more than an event or a code allows with these seats too: counted are all other
-- reservations of the buyer, held and sold, with what their open quotes would take. The caller holds the buyer's lock.
-- p_code: the code of the reservation; null for none.
-- Returns null, or {kind: buyer_limit, limit, event} | {kind: code_limit, limit}.
create or replace function buyer_limit_exceeded(p_buyer bytea, p_reservation text, p_seats bigint[], p_code codes)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_exceeded jsonb;
begin
  select jsonb_build_object('kind', 'buyer_limit', 'event', e.slug, 'limit', e.max_seats_per_buyer) into v_exceeded
    from (select event_id, count(*) as seats from seats where id = any (p_seats) group by event_id) wanted
    join events e on e.id = wanted.event_id
   where e.max_seats_per_buyer < wanted.seats + (
     select count(*) from reservations r join allocations a on a.reservation_id = r.id and counts_for_buyer(a)
       join seats s on s.id = a.seat_id and s.event_id = e.id
      where r.buyer_key = p_buyer and r.id <> p_reservation
        and status_now(r.status, r.hold_ends_at, r.paid_in_time_at) in ('held', 'confirmed'))
   limit 1;
  if v_exceeded is null and (p_code).max_uses_per_buyer <= (
       select count(*) from reservations r where r.buyer_key = p_buyer and r.id <> p_reservation and r.code_id = (p_code).id
          and status_now(r.status, r.hold_ends_at, r.paid_in_time_at) in ('held', 'confirmed')) then
    v_exceeded := jsonb_build_object('kind', 'code_limit', 'limit', (p_code).max_uses_per_buyer);
  end if;
  return v_exceeded;
end $$;
