create or replace function confirmed_reservation_owns_its_seats() returns trigger language plpgsql as $$
begin
  if exists (select from reservations r where r.id = new.id and r.status = 'confirmed')
     and (not exists (select from allocations a where a.reservation_id = new.id and a.until_revision is null)
          or exists (select from allocations a join seats s on s.id = a.seat_id
                     where a.reservation_id = new.id and a.until_revision is null
                       and (a.released_at is not null or s.reservation_id is distinct from new.id or s.status <> 'sold'))) then
    raise exception 'reservation % is confirmed without owning its seats', new.id
      using errcode = 'integrity_constraint_violation', constraint = 'reservations_confirmed_owns_its_seats';
  end if;
  return null;
end $$;
