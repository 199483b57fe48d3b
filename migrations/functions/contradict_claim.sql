-- A provider's event proves a reference for another reservation than the one that claimed it. The claim becomes a payment
-- without a provider, so no provider refunds it. A reservation that it has confirmed stays confirmed.
-- The caller holds the lock of the reference.
create or replace function contradict_claim(p_payment bigint, p_proof jsonb) returns void language plpgsql as $$
declare
  v_claim payments;
begin
  update payments set captured_by = 'client', contradicted_at = clock_timestamp()
   where id = p_payment returning * into v_claim;
  update refunds set given_by = 'client', error = case status when 'pending' then 'not_through_a_provider' else error end
   where payment_id = p_payment and given_by <> 'provider';
  -- The charge in the test provider's ledger is for the reservation of the event; nothing of it was refunded.
  delete from test_provider.refunds where reference = v_claim.reference;
  perform add_note('claim_contradicted', v_claim.reservation_id, v_claim.reference, jsonb_build_object(
    'claimed', jsonb_build_object('reservation', v_claim.reservation_id, 'amount', v_claim.amount, 'currency', v_claim.currency),
    'proven', p_proof));
end $$;
