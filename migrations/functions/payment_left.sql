-- How much of a payment can still be refunded, in minor units: the amount minus refunds that have not failed and minus
-- lost disputes.
create or replace function payment_left(p_payment bigint) returns bigint language sql stable as $$
  select greatest(0, p.amount
    - (select coalesce(sum(r.amount), 0) from refunds r where r.payment_id = p.id and r.status <> 'failed')
    - (select coalesce(sum(d.amount), 0) from disputes d where d.payment_id = p.id and d.status = 'lost'))::bigint
  from payments p where p.id = p_payment
$$;
