-- Records how much of a payment a provider has refunded in all (Stripe: `charge.refunded`). The known refunds are
-- subtracted, our pending orders included, because an event of its own, or the answer, reports each of them. The provider
-- has made the rest without an order; it stands as one refund without an id until each of its refunds is reported.
-- Returns whether the payment is known.
create or replace function record_refunded_total(p_references text[], p_total bigint, p_currency text, p_actor text)
returns boolean language plpgsql as $$
declare
  v_payment payments;
  v_known bigint;
begin
  v_payment := lock_payment(find_proven_payment(p_references));
  if v_payment.id is null then return false; end if;
  select coalesce(sum(amount), 0) into v_known from refunds
   where payment_id = v_payment.id and status <> 'failed';
  if p_total > v_known then
    perform record_provider_refund(p_references, null, null, p_total - v_known, p_currency, 'succeeded', null, p_actor);
  end if;
  return true;
end $$;
