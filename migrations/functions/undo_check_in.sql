-- Undoes a check-in: the ticket is valid again. Its scan is answered `scan_undone` from then on, so a repeated request does
-- not check the ticket in again. Takes the locks of `check_in`.
-- Returns {kind: undone | not_checked_in | ticket_void | unknown, why?, seat?, event?, reservation?, holder?}.
create or replace function undo_check_in(p_code text, p_actor text) returns jsonb language plpgsql as $$
declare
  v_ticket tickets;
begin
  perform from reservations where id = (select reservation_id from tickets where code = p_code) for key share;
  select * into v_ticket from tickets where code = p_code for update;
  if v_ticket.id is null then return jsonb_build_object('kind', 'unknown'); end if;
  if v_ticket.status = 'void' then return jsonb_build_object('kind', 'ticket_void') || void_document(v_ticket.id) || ticket_document(v_ticket.id); end if;
  if v_ticket.status = 'valid' then return jsonb_build_object('kind', 'not_checked_in') || ticket_document(v_ticket.id); end if;

  update tickets set status = 'valid', used_at = null, used_gate = null where id = v_ticket.id;
  update scans set undone_at = clock_timestamp()
   where ticket_id = v_ticket.id and outcome = 'checked_in' and undone_at is null;
  insert into history (reservation_id, type, actor, data)
    values (v_ticket.reservation_id, 'ticket.check_in_undone', p_actor,
            jsonb_build_object('seat', seat_in_order(v_ticket.reservation_id, v_ticket.seat_id)));
  return jsonb_build_object('kind', 'undone') || ticket_document(v_ticket.id);
end $$;
