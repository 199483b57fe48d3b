-- What a provider says that it has given back of a payment in all (Stripe: `charge.refunded`). What exceeds the refunds
-- that we know, our pending orders included (each is told of by itself), it has made without us.
-- Returns whether it is about a payment that we know.
create or replace function record_refunded_total(p_references text[], p_total bigint, p_currency text, p_actor text)
returns boolean language plpgsql as $$
declare
  v_payment payments;
  v_known bigint;
begin
  v_payment := lock_payment(find_proven_payment(p_references));
  if v_payment.id is null then return false; end if;
  select coalesce(sum(amount), 0) into v_known from refunds
   where payment_id = v_payment.id and (status = 'succeeded' or (status = 'pending' and (given_by = 'provider' or provider_refund_id is not null or error is null)));
  if p_total > v_known then
    perform record_provider_refund(p_references, null, null, p_total - v_known, p_currency, 'succeeded', null, p_actor);
  end if;
  return true;
end $$;
