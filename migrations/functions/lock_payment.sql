-- Locks a payment, its reservation (if there is one) before it: what is written about a payment names its reservation,
-- so a settlement, which locks that one first, is never met the other way round.
create or replace function lock_payment(p_payment bigint) returns payments language plpgsql as $$
declare
  v_payment payments;
begin
  perform from reservations where id = (select reservation_id from payments where id = p_payment) for key share;
  select * into v_payment from payments where id = p_payment for no key update;
  return v_payment;
end $$;
