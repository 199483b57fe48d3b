-- Two refunds of one payment are made one after the other, so that each sees what the other has ordered.
create or replace function lock_payment_of_refund() returns trigger language plpgsql as $$
begin
  perform from payments where id = new.payment_id for no key update;
  return new;
end $$;
