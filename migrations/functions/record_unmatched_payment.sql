-- Records a payment of an event with a valid signature but of another account or mode: it confirms
-- nothing, and is never refunded automatically. p_why: {expected, came}, for the operator's note.
create or replace function record_unmatched_payment(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_why jsonb
) returns void language plpgsql as $$
begin
  -- In the lock order of all payments: what is written below names the reservation.
  perform from reservations where id = p_reservation for key share;
  perform pg_advisory_xact_lock(hashtextextended('payment:' || p_reference, 0));
  if exists (select from payments where reference = p_reference and reservation_id = p_reservation) then return; end if;
  insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by, role)
  values (p_reference, p_reservation, p_amount, p_currency, p_source, p_source, 'client', 'unmatched');
  perform add_note('payment_unmatched', p_reservation, p_reference,
    p_why || jsonb_build_object('amount', p_amount, 'currency', p_currency));
  insert into history (reservation_id, type, actor, data)
  select id, 'payment.unmatched', p_source, jsonb_build_object('reference', p_reference, 'amount', p_amount, 'currency', p_currency)
    from reservations where id = p_reservation;
  perform ring_running_actor(p_reservation);
end $$;
