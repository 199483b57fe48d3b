-- Orders that so much of a sale's money goes back, from the payment that confirmed it on, then from those of its changes.
-- p_amount null: all that is left of each. The caller holds the reservation's lock.
create or replace function refund_sale(p_reservation text, p_amount bigint, p_reason text, p_actor text) returns void language plpgsql as $$
declare
  v_payment record;
  v_rest bigint := p_amount;
  v_part bigint;
begin
  for v_payment in
    select id from payments where reservation_id = p_reservation and role = 'confirming' order by change_id is not null, received_at, id
  loop
    if p_amount is null then
      perform order_refund(v_payment.id, null, p_reason, null, p_actor);
    else
      v_part := least(v_rest, payment_left(v_payment.id));
      if v_part > 0 then perform order_refund(v_payment.id, v_part, p_reason, null, p_actor); end if;
      v_rest := v_rest - v_part;
    end if;
  end loop;
end $$;
