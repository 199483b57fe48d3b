-- What a dispute takes is set aside while it is open; a lost one went to the buyer, a won one came back.
create or replace function post_dispute() returns trigger language plpgsql as $$
declare
  v_from text := 'cash';
  v_to text := case new.status when 'open' then 'disputed' when 'lost' then 'customers' else 'cash' end;
  v_payment payments;
begin
  if tg_op = 'UPDATE' then v_from := case old.status when 'open' then 'disputed' when 'lost' then 'customers' else 'cash' end; end if;
  if v_from = v_to or new.amount = 0 then return null; end if;
  select * into v_payment from payments where id = new.payment_id;
  if v_payment.role <> 'unmatched' then perform post_money(v_to, v_from, new.amount, v_payment, null, new.id); end if;
  return null;
end $$;
