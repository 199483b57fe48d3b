-- Pins a quote that has not ended: what is due was paid in time, so what it holds is held until the payment is decided.
create or replace function pin_change(p_change uuid) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_change changes;
begin
  update changes set paid_in_time_at = clock_timestamp()
   where id = p_change and status = 'quoted' and paid_in_time_at is null and expires_at > clock_timestamp()
  returning * into v_change;
  if found then
    update seats set hold_ends_at = 'infinity'
     where id = any (v_change.taken) and reservation_id = v_change.reservation_id and status = 'held';
  end if;
end $$;
