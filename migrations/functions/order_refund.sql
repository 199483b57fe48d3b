-- Orders a refund of a payment: the refund, its history, the mail that will tell the buyer, and the entry for the relay
-- if a provider can be asked. p_amount null: all that is left.
-- Returns {kind: ordered, refund} | {kind: exceeds, left} | {kind: nothing}.
create or replace function order_refund(
  p_payment bigint, p_amount bigint, p_reason text, p_reason_text text, p_actor text
) returns jsonb language plpgsql as $$
declare
  v_payment payments;
  v_reservation reservations;
  v_left bigint;
  v_amount bigint;
  v_refund refunds;
begin
  v_payment := lock_payment(p_payment);
  v_left := payment_left(p_payment);
  v_amount := coalesce(p_amount, v_left);
  if v_amount > v_left then return jsonb_build_object('kind', 'exceeds', 'left', v_left); end if;
  if v_amount = 0 and (v_payment.amount > 0 or exists (select from refunds where payment_id = p_payment)) then
    return jsonb_build_object('kind', 'nothing');
  end if;

  insert into refunds (payment_id, amount, status, given_by, reason, reason_text, error, succeeded_at)
  values (p_payment, v_amount, case when v_amount = 0 then 'succeeded' else 'pending' end, v_payment.captured_by, p_reason, p_reason_text,
          -- No provider captured it: whoever took the money refunds it.
          case when v_amount > 0 and v_payment.captured_by = 'client' then 'not_through_a_provider' end,
          case when v_amount = 0 then clock_timestamp() end)
  returning * into v_refund;

  select * into v_reservation from reservations where id = v_payment.reservation_id;
  if v_reservation.id is not null then
    insert into history (reservation_id, type, actor, data)
    values (v_reservation.id, 'refund.created', p_actor, refund_facts(v_refund, v_payment)
      || case when p_reason = 'mismatch' then jsonb_build_object(
           'expected', jsonb_build_object('amount', v_reservation.total, 'currency', v_reservation.currency),
           'came', jsonb_build_object('amount', v_payment.amount, 'currency', v_payment.currency)) else '{}' end);
    if v_amount > 0 then perform owe_refund_mail(v_refund.id, v_reservation.id); end if;
    if v_amount = 0 then
      insert into history (reservation_id, type, actor, data)
      values (v_reservation.id, 'refund.succeeded', p_actor, refund_facts(v_refund, v_payment));
    end if;
  end if;
  if v_refund.status = 'pending' and v_refund.given_by <> 'client' then
    insert into outbox (kind, subject) values ('refund_order', v_refund.id::text);
  end if;
  -- A workflow shows its own orders without a ring.
  if p_reason = 'operator' then perform ring_running_actor(v_payment.reservation_id); end if;
  return jsonb_build_object('kind', 'ordered', 'refund', v_refund.id);
end $$;
