-- Frees the seats that a quote holds and has not sold. Its allocations stay, so that a late payment finds and locks the seats.
create or replace function release_change(p_change uuid) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_change changes;
begin
  select * into v_change from changes where id = p_change;
  update seats set status = 'available', reservation_id = null, hold_ends_at = null
   where id = any (v_change.taken) and reservation_id = v_change.reservation_id and status = 'held';
  update allocations set released_at = clock_timestamp()
   where reservation_id = v_change.reservation_id and change_id = p_change and released_at is null;
end $$;
