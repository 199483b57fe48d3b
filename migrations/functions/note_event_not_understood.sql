-- Writes a note about an event with a valid signature that was not understood, if it concerns a reservation of ours: the
-- one that it names, else that of the proven payment under one of its references. An event of a payment that is known
-- is no note, unless it tells what came after the payment (p_after_payment: a refund, a dispute). The locks of the
-- references are those under which a payment is recorded and its notes are closed, so no note stays open by a race.
create or replace function note_event_not_understood(
  p_reservation text, p_references text[], p_after_payment boolean, p_data jsonb
) returns void language plpgsql as $$
declare
  v_reservation text := p_reservation;
begin
  perform pg_advisory_xact_lock(hashtextextended('payment:' || reference, 0))
     from (select distinct unnest(p_references) as reference order by 1) named;
  if v_reservation is null then
    select reservation_id into v_reservation from payments where id = find_proven_payment(p_references);
  end if;
  if not p_after_payment and exists (
    select from payments where reference = any (p_references) and reservation_id = v_reservation and proven_by is not null and role <> 'unmatched')
    then return; end if;
  if not exists (select from reservations where id = v_reservation) then return; end if;
  perform add_note('event_not_understood', v_reservation, p_references[1],
    p_data || case when p_after_payment then '{"afterPayment": true}' else '{}' end::jsonb);
end $$;
