-- Ends an open quote that gives back, or reprices, the seat with which somebody has come in. What the quote holds is
-- freed by the reservation's actor, or by its end: seats are locked before tickets.
create or replace function end_change_at_the_door(p_reservation text, p_seat bigint, p_actor text) returns void language plpgsql as $$
declare
  v_change uuid;
begin
  update changes c set status = 'expired', ended_at = clock_timestamp()
   where reservation_id = p_reservation and status = 'quoted' and p_seat = any (seats_given_up_by(c))
  returning id into v_change;
  if not found then return; end if;
  insert into history (reservation_id, type, actor, data)
  values (p_reservation, 'change.expired', p_actor, jsonb_build_object('change', v_change, 'why', 'checked_in'));
  insert into outbox (kind, subject, sequence) values ('change', v_change::text, 1);
  insert into outbox (kind, subject) values ('ring', p_reservation);
end $$;
