-- Release 1.0 orders a refund, and tells that it is done, in the payment's own row. Here it becomes a refund.
create or replace function order_refund_for_release_1_0() returns trigger language plpgsql as $$
begin
  if new.status = 'refunding' then
    insert into refunds (payment_id, amount, given_by, reason, error, provider_key)
    values (new.id, payment_left(new.id), new.captured_by, coalesce(new.refund_reason, 'operator'), new.refund_error,
            'refund:' || new.reference);
  elsif new.status = 'refunded' then
    update refunds set status = 'succeeded', error = null, succeeded_at = clock_timestamp()
     where payment_id = new.id and status = 'pending' and given_by <> 'provider';
  end if;
  return null;
end $$;
