-- Tells in the history that a ticket's code no longer counts.
create or replace function note_voided_ticket() returns trigger language plpgsql as $$
begin
  insert into history (reservation_id, type, actor, data)
  values (new.reservation_id, 'ticket.voided', 'system',
          jsonb_build_object('seat', seat_in_order(new.reservation_id, new.seat_id)));
  return null;
end $$;
