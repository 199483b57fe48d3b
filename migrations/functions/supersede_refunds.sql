-- The provider refunded without an order, or a dispute was lost: pending orders that exceed what is left of the payment
-- end as `failed`, `superseded`, the latest first. What is left of the payment of the last of them is ordered anew, for the
-- same reason. The caller holds the payment's lock.
create or replace function supersede_refunds(p_payment bigint, p_actor text) returns void language plpgsql as $$
declare
  v_order record;
  v_excess bigint;
begin
  select coalesce(sum(r.amount), 0) + (select coalesce(sum(d.amount), 0) from disputes d where d.payment_id = p_payment and d.status = 'lost')
         - (select amount from payments where id = p_payment)
    into v_excess from refunds r where r.payment_id = p_payment and r.status <> 'failed';
  for v_order in select id, amount, reason, reason_text from refunds
                  where payment_id = p_payment and status = 'pending' and given_by <> 'provider' order by created_at desc, id loop
    exit when v_excess <= 0;
    perform move_refund(v_order.id, 'failed', null, 'superseded', null, p_actor, true);
    v_excess := v_excess - v_order.amount;
    if v_excess < 0 then perform order_refund(p_payment, -v_excess, v_order.reason, v_order.reason_text, p_actor); end if;
  end loop;
end $$;
