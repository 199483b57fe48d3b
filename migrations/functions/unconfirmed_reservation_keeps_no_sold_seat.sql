-- The other direction: a reservation that stops being confirmed keeps no sold seat.
create or replace function unconfirmed_reservation_keeps_no_sold_seat() returns trigger language plpgsql as $$
begin
  if exists (select from allocations a join seats s on s.id = a.seat_id
             where a.reservation_id = new.id and s.reservation_id = new.id and s.status = 'sold')
     and exists (select from reservations r where r.id = new.id and r.status <> 'confirmed') then
    raise exception 'reservation % is no longer confirmed but keeps sold seats', new.id
      using errcode = 'integrity_constraint_violation', constraint = 'reservations_unconfirmed_keeps_no_seat';
  end if;
  return null;
end $$;
