-- A client reported a payment for one reservation, and the provider's event then names another reservation for the same
-- reference. The reported payment stays, as one without a provider (`captured_by` client): no provider refunds it. A
-- reservation that it confirmed stays confirmed. The caller holds the lock of the reference.
create or replace function contradict_claim(p_payment bigint, p_proof jsonb) returns void language plpgsql as $$
declare
  v_claim payments;
begin
  update payments set captured_by = 'client', contradicted_at = clock_timestamp()
   where id = p_payment returning * into v_claim;
  update refunds set given_by = 'client', error = case status when 'pending' then 'not_through_a_provider' else error end
   where payment_id = p_payment and given_by <> 'provider';
  -- In the test provider's books the charge is now the other reservation's payment, of which nothing was refunded.
  delete from test_provider.refunds where reference = v_claim.reference;
  perform add_note('claim_contradicted', v_claim.reservation_id, v_claim.reference, jsonb_build_object(
    'claimed', jsonb_build_object('reservation', v_claim.reservation_id, 'amount', v_claim.amount, 'currency', v_claim.currency),
    'proven', p_proof));
  perform ring_running_actor(v_claim.reservation_id);
end $$;
