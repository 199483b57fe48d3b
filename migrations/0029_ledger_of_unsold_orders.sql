-- Up Migration

-- An order of several events that was changed between a payment and its refund, and never sold: the money had come to one
-- event and left another. It is moved; `money_shares` keeps to the events that it came to from now on.
create temporary table wrong on commit drop as
select * from (
  select l.reservation_id, l.currency, l.payment_id, l.event_id, sum(l.amount)::bigint as amount,
         sum(sum(l.amount)) over (partition by l.reservation_id, l.currency, l.payment_id) as whole
    from ledger l join reservations r on r.id = l.reservation_id and r.confirmed_at is null
   where l.account = 'cash' group by l.reservation_id, l.currency, l.payment_id, l.event_id) cash
 where whole = 0 and amount <> 0;

do $$
begin
  -- In a new database there is none, nor the function that looks at each posting.
  if not exists (select from wrong) then return; end if;
  with postings as materialized (
    select reservation_id, currency, nextval('ledger_postings') as posting
      from (select distinct reservation_id, currency from wrong) orders)
  insert into ledger (posting, at, account, amount, currency, event_id, reservation_id, payment_id)
  select posting, now(), side.account, side.sign * amount, currency, event_id, reservation_id, payment_id
    from wrong join postings using (reservation_id, currency), (values ('cash', -1), ('customers', 1)) side (account, sign);
end $$;
