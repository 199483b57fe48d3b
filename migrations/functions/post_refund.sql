-- A refund that succeeds is money that left; one that failed after all came back.
create or replace function post_refund() returns trigger language plpgsql as $$
declare
  v_change bigint := case new.status when 'succeeded' then new.amount else 0 end;
  v_payment payments;
begin
  if tg_op = 'UPDATE' and old.status = 'succeeded' then v_change := v_change - old.amount; end if;
  if v_change = 0 then return null; end if;
  select * into v_payment from payments where id = new.payment_id;
  if v_payment.role <> 'unmatched' then perform post_money('customers', 'cash', v_change, v_payment, new.id, null); end if;
  return null;
end $$;
