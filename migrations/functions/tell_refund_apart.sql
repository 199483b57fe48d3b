-- A refund that a provider reports under its id may be part of a sum that it reported before (`record_refunded_total`),
-- which stands as refunds without ids. It is taken off them, so that the same money is never counted twice, in whatever order
-- sums and refunds are reported: what is counted is the larger of the sum and of the refunds that are known by their ids.
-- What history and mail told of the sum is not told again. The caller holds the payment's lock.
-- p_refund: the refund that it is, where it is known (an order of ours that counted for nothing until now); else null.
-- Returns which refund it is; null where it is a new one that has still to be told of.
create or replace function tell_refund_apart(
  p_payment bigint, p_refund uuid, p_provider_refund_id text, p_amount bigint, p_actor text
) returns uuid language plpgsql as $$
declare
  v_sum refunds;
  v_rest bigint := p_amount;
  v_is_owed boolean := false;
  v_part uuid;
begin
  -- One that stands at another payment is told there.
  if exists (select from refunds where provider_refund_id = p_provider_refund_id and payment_id <> p_payment) then
    return p_refund;
  end if;
  for v_sum in
    select * from refunds
     where payment_id = p_payment and given_by = 'provider' and provider_refund_id is null and status = 'succeeded' and amount > 0
     order by amount = p_amount desc, amount desc, created_at
  loop
    exit when v_rest = 0;
    if v_sum.amount = p_amount and p_refund is null then
      update refunds set provider_refund_id = p_provider_refund_id where id = v_sum.id;
      return v_sum.id;
    end if;
    v_is_owed := v_is_owed or exists (select from mails where refund_id = v_sum.id and sent_at is null and refused is null);
    if v_sum.amount > v_rest then
      update refunds set amount = amount - v_rest where id = v_sum.id;
      v_rest := 0;
    else
      perform move_refund(v_sum.id, 'failed', null, 'superseded', null, p_actor, false);
      v_rest := v_rest - v_sum.amount;
    end if;
  end loop;
  if p_refund is not null or v_rest > 0 then return p_refund; end if;

  insert into refunds (payment_id, amount, status, given_by, reason, provider_refund_id, succeeded_at)
  values (p_payment, p_amount, 'succeeded', 'provider', 'provider', p_provider_refund_id, clock_timestamp())
  returning id into v_part;
  if v_is_owed then
    -- The mail about the sum has not gone out, and will name the rest alone.
    perform owe_refund_mail(v_part, (select reservation_id from payments where id = p_payment));
    perform send_refund_mail(v_part);
  end if;
  return v_part;
end $$;
