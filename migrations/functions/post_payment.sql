-- Money that came is cash, and owed to its buyer until it is for a sale. What a proof corrects is posted anew. Money of
-- another account (`unmatched`) is not ours.
create or replace function post_payment() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.role <> 'unmatched' then perform post_money('cash', 'customers', -old.amount, old, null, null); end if;
  if new.role <> 'unmatched' then perform post_money('cash', 'customers', new.amount, new, null, null); end if;
  return null;
end $$;
