-- Tells in the history that a ticket's code no longer counts.
create or replace function note_voided_ticket() returns trigger language plpgsql as $$
begin
  insert into history (reservation_id, type, actor, data)
  select new.reservation_id, 'ticket.voided', 'system', jsonb_build_object('seat', label) from seats where id = new.seat_id;
  return null;
end $$;
