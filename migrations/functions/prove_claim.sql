-- A provider's event confirms a payment that a client reported before for the same reservation: both are one payment.
-- Before the settlement the payment takes the event's amount, and pins the hold only if that is the total. After the
-- settlement a different amount becomes a note for the operator.
-- The caller holds the locks of the reservation's seats, the reservation and the reference.
create or replace function prove_claim(
  p_payment bigint, p_amount bigint, p_currency text, p_proven_by text, p_captured_by text
) returns void language plpgsql as $$
declare
  v_claim payments;
  v_reservation reservations;
begin
  select * into v_claim from payments where id = p_payment;
  select * into v_reservation from reservations where id = v_claim.reservation_id;
  update payments set proven_by = p_proven_by, captured_by = p_captured_by,
         amount = case role when 'kept' then p_amount else amount end,
         currency = case role when 'kept' then p_currency else currency end
   where id = p_payment;
  perform ring_running_actor(v_claim.reservation_id);

  if v_claim.role <> 'kept' then
    if (v_claim.amount, v_claim.currency) <> (p_amount, p_currency) then
      perform add_note('claim_contradicted', v_claim.reservation_id, v_claim.reference, jsonb_build_object(
        'claimed', jsonb_build_object('reservation', v_claim.reservation_id, 'amount', v_claim.amount, 'currency', v_claim.currency),
        'proven', jsonb_build_object('reservation', v_claim.reservation_id, 'amount', p_amount, 'currency', p_currency)));
    end if;
    -- Until now no provider could carry these refunds out.
    if v_claim.captured_by = 'client' and p_captured_by <> 'client' then
      with asked as (update refunds set given_by = p_captured_by, error = null
                      where payment_id = p_payment and status = 'pending' and given_by = 'client' returning id)
      insert into outbox (kind, subject, sequence) select 'refund_order', id::text, 1 from asked;
    end if;
    return;
  end if;

  if p_captured_by = 'test' then
    insert into test_provider.charges (reference, amount, currency) values (v_claim.reference, p_amount, p_currency)
      on conflict (reference) do update set amount = excluded.amount, currency = excluded.currency;
  end if;
  if v_reservation.status is distinct from 'held' then return; end if;
  if exists (select from payments where reservation_id = v_reservation.id and role = 'kept'
               and amount = v_reservation.total and currency = v_reservation.currency) then
    perform pin_hold(v_reservation.id);
  else
    perform unpin_hold(v_reservation.id);
  end if;
end $$;
