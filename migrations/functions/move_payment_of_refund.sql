-- Keeps what a payment's refunds and disputes come to beside it. The constraint `payments_refunds_within_amount` then
-- refuses an order of more than was captured.
create or replace function move_payment_of_refund() returns trigger language plpgsql as $$
declare
  v_is_disputed boolean := exists (select from disputes where payment_id = new.payment_id and status <> 'won');
begin
  -- Locked in a statement of its own: the next one then sees what was committed meanwhile.
  perform from payments where id = new.payment_id for no key update;
  update payments p set
    refund_ordered = sums.ordered,
    refunded = sums.refunded,
    status = sums.status,
    refunded_at = case when sums.status = 'refunded' then sums.refunded_at end,
    refund_reason = sums.reason,
    refund_error = sums.error
   from (select q.id,
           coalesce(sum(r.amount) filter (where r.given_by <> 'provider' and r.status <> 'failed'), 0) as ordered,
           coalesce(sum(r.amount) filter (where r.status = 'succeeded'), 0) as refunded,
           case
             when v_is_disputed then 'disputed'
             when bool_or(r.status = 'pending') then 'refunding'
             when bool_or(r.status = 'succeeded') and sum(r.amount) filter (where r.status = 'succeeded') >= q.amount then 'refunded'
             when bool_or(r.status = 'succeeded') then 'partially_refunded'
             else 'captured' end as status,
           max(r.succeeded_at) as refunded_at,
           (array_agg(r.reason order by r.created_at desc) filter (where r.status <> 'failed'))[1] as reason,
           (array_agg(r.error order by r.created_at desc) filter (where r.status = 'pending'))[1] as error
      from payments q left join refunds r on r.payment_id = q.id
     where q.id = new.payment_id group by q.id) sums
   where p.id = sums.id;
  return null;
end $$;
