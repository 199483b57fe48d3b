-- Records a dispute that a provider reports: `open`, `won` or `lost`, once each. While it is open, refunds of the payment
-- wait. Money that a lost dispute took is not refunded again.
-- Returns whether the payment is known.
create or replace function record_dispute(
  p_references text[], p_dispute text, p_amount bigint, p_status text, p_actor text
) returns boolean language plpgsql as $$
declare
  v_payment payments;
  v_before text;
begin
  v_payment := lock_payment(find_proven_payment(p_references));
  if v_payment.id is null then return false; end if;
  select status into v_before from disputes where id = p_dispute;
  if v_before is distinct from null and (v_before <> 'open' or p_status = 'open') then return true; end if;

  insert into disputes (id, payment_id, amount, status, closed_at)
  values (p_dispute, v_payment.id, p_amount, p_status, case when p_status <> 'open' then clock_timestamp() end)
  on conflict (id) do update set status = excluded.status, closed_at = excluded.closed_at;
  insert into history (reservation_id, type, actor, data)
  select r.id, told.type, p_actor, jsonb_build_object('reference', v_payment.reference, 'amount', p_amount, 'currency', v_payment.currency)
    from reservations r, unnest(array[
      case when v_before is null then 'payment.disputed' end, 'payment.dispute_' || nullif(p_status, 'open')]) told(type)
   where r.id = v_payment.reservation_id and told.type is not null;
  if p_status = 'lost' then perform supersede_refunds(v_payment.id, p_actor); end if;
  if p_status <> 'open' then
    insert into outbox (kind, subject, sequence)
    select 'refund_order', id::text, 1 from refunds where payment_id = v_payment.id and status = 'pending' and given_by in ('stripe', 'test');
  end if;
  perform ring_running_actor(v_payment.reservation_id);
  return true;
end $$;
