-- Ends an open quote without applying it: what it holds is free again. Nothing happens if it is not open any more.
-- p_why: `time` | `checked_in` | `cancelled` | `withdrawn` | `payment`. The caller holds the locks of the reservation's claims and
-- of the reservation.
create or replace function end_change(p_change uuid, p_status text, p_why text, p_actor text) returns boolean language plpgsql as $$
declare
  v_change changes;
begin
  update changes set status = p_status, ended_at = clock_timestamp(), paid_in_time_at = null
   where id = p_change and status = 'quoted' returning * into v_change;
  if v_change.id is null then return false; end if;
  perform release_change(p_change);
  insert into history (reservation_id, type, actor, data)
  values (v_change.reservation_id, 'change.' || p_status, p_actor, jsonb_build_object('change', p_change, 'why', p_why));
  perform ring_change(p_change);
  return true;
end $$;
