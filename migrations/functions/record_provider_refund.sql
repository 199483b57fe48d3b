-- Records a refund that a provider reports: an order of ours (p_refund, from the metadata, or found by the provider's id),
-- or a refund that the provider made without an order, which changes neither seats nor tickets. The amount is recorded as
-- reported; a sum above the captured amount becomes a note.
-- p_references: possible references of the payment (Stripe: the PaymentIntent, the Charge).
-- Returns whether the payment is known.
create or replace function record_provider_refund(
  p_references text[], p_provider_refund_id text, p_refund uuid, p_amount bigint, p_currency text, p_status text,
  p_error text, p_actor text
) returns boolean language plpgsql as $$
declare
  v_payment payments;
  v_refund refunds;
  v_known uuid;
begin
  v_payment := lock_payment(find_proven_payment(p_references));
  if v_payment.id is null then return false; end if;

  select id into v_known from refunds
   where payment_id = v_payment.id and (provider_refund_id = p_provider_refund_id or id = p_refund)
   order by (provider_refund_id = p_provider_refund_id) desc nulls last limit 1;
  -- What counts for nothing yet may have been reported before, as part of a sum.
  if p_provider_refund_id is not null and p_currency is not distinct from v_payment.currency
     and (v_known is null or p_status = 'succeeded'
       and (select status = 'failed' and error = 'superseded' from refunds where id = v_known)) then
    v_known := tell_refund_apart(v_payment.id, v_known, p_provider_refund_id, p_amount, p_actor);
  end if;
  if v_known is not null then
    perform move_refund(v_known, p_status, p_provider_refund_id, p_error, null, p_actor, true);
    perform note_refund_excess(v_payment.id);
    return true;
  end if;

  if p_currency is distinct from v_payment.currency then
    perform add_note('event_not_understood', v_payment.reservation_id, v_payment.reference,
      jsonb_build_object('refund', p_provider_refund_id, 'amount', p_amount, 'currency', p_currency, 'why', 'another currency than the payment'));
    return true;
  end if;
  insert into refunds (payment_id, amount, status, given_by, reason, error, provider_refund_id, succeeded_at)
  values (v_payment.id, p_amount, p_status, 'provider', 'provider', p_error, p_provider_refund_id,
          case when p_status = 'succeeded' then clock_timestamp() end)
  on conflict do nothing returning * into v_refund;
  if v_refund.id is null then return true; end if;

  insert into history (reservation_id, type, actor, data)
  select r.id, told.type, p_actor, refund_facts(v_refund, v_payment)
         || case told.type when 'refund.failed' then jsonb_build_object('error', p_error) else '{}' end
    from reservations r, unnest(array['refund.created', nullif('refund.' || p_status, 'refund.pending')]) told(type)
   where r.id = v_payment.reservation_id and told.type is not null;
  if p_status <> 'failed' then
    perform owe_refund_mail(v_refund.id, v_payment.reservation_id);
    perform supersede_refunds(v_payment.id, p_actor);
    perform note_refund_excess(v_payment.id);
  end if;
  if p_status = 'succeeded' then perform send_refund_mail(v_refund.id); end if;
  perform ring_running_actor(v_payment.reservation_id);
  return true;
end $$;
