-- held or expired → confirmed, for a reservation that is locked: its claims are sold (with p_retake they are taken again
-- first, as those of an expired one), the tickets are issued, and the mail with them is ordered.
--
-- p_tickets, p_seats, p_codes: one ticket for each seat that is sold. p_message_id: of the mail.
-- Returns null; or the step that was not possible for all that it claims: then the caller undoes everything.
create or replace function confirm_reservation(
  p_id text, p_reference text, p_actor text, p_retake boolean, p_tickets uuid[], p_seats bigint[], p_codes text[],
  p_message_id text
) returns text language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_revision integer;
begin
  if p_retake and not change_claims('retake', p_id) then return 'retake'; end if;
  update payments set role = 'confirming' where reference = p_reference and reservation_id = p_id;
  update reservations
     set status = 'confirmed', confirmed_by = p_reference, confirmed_at = clock_timestamp(), ended_at = null,
         delivered_at = case when erased_at is not null then clock_timestamp() end
   where id = p_id returning revision into v_revision;
  if not change_claims('sell', p_id)
     or p_seats <> array(select seat_id from allocations
                          where reservation_id = p_id and until_revision is null order by seat_id) then
    return 'sell';
  end if;
  insert into tickets (id, reservation_id, seat_id, code, revision)
    select id, p_id, seat_id, code, v_revision from unnest(p_tickets, p_seats, p_codes) made (id, seat_id, code);
  insert into mails (reservation_id, kind, message_id) values (p_id, 'tickets', p_message_id) on conflict do nothing;
  insert into history (reservation_id, type, actor, data)
    values (p_id, 'reservation.confirmed', p_actor, jsonb_build_object('reference', p_reference));
  return null;
end $$;
