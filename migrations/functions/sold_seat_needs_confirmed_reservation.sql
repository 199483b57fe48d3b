-- Checked at commit, because a confirmation changes both sides: a sold seat belongs to a confirmed
-- reservation, and a confirmed reservation owns every seat that it paid for.
create or replace function sold_seat_needs_confirmed_reservation() returns trigger language plpgsql as $$
begin
  if not exists (select from reservations r where r.id = new.reservation_id and r.status = 'confirmed')
     and exists (select from seats s where s.id = new.id and s.status = 'sold' and s.reservation_id = new.reservation_id) then
    raise exception 'seat % is sold without a confirmed reservation', new.label
      using errcode = 'integrity_constraint_violation', constraint = 'seats_sold_to_confirmed';
  end if;
  return null;
end $$;
