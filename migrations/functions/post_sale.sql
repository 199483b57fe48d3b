-- Posts the difference between what a sale is now and what was posted of it, so it is safe to repeat. Of a sale that
-- stands its lines are sold, of a cancelled one nothing. Of the money of its order, each event has its share; so has it
-- of what is owed to the buyer: pending refunds, and payments that did not confirm it. What is left is retained: neither
-- sold nor given back nor ordered to be. Of a sale that stands that is negative by what was given back all the same.
--
-- The lock: of two transactions that change one sale (a cancel, a refund) the second sees what the first has posted.
create or replace function post_sale(p_reservation text) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_kept bigint;
  v_posting bigint := nextval('ledger_postings');
  v_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('ledger:' || p_reservation, 0));
  v_at := clock_timestamp();
  select * into v_reservation from reservations where id = p_reservation;
  if v_reservation.confirmed_at is null then return; end if;
  -- What is the sale's, sold or retained: the payment less what went or is to go back.
  select coalesce(sum(p.amount
           - (select coalesce(sum(f.amount), 0) from refunds f where f.payment_id = p.id and f.status <> 'failed')
           - (select coalesce(sum(d.amount), 0) from disputes d where d.payment_id = p.id and d.status = 'lost')), 0)
    into v_kept from payments p where p.reservation_id = p_reservation and p.role = 'confirming';

  with known as materialized (
    select * from ledger where reservation_id = p_reservation),
  money as (
    select currency, coalesce(sum(amount) filter (where account = 'cash'), 0)::bigint as cash,
           coalesce(sum(amount) filter (where account = 'disputed'), 0)::bigint as disputed
      from known group by currency),
  lines as (
    select v_reservation.currency, s.* from sale_lines(p_reservation) s where v_reservation.status = 'confirmed'
    union all
    select m.currency, s.event_id, side.account, null, null, null, s.amount, null
      from money m,
        lateral (values ('cash', m.cash), ('customers',
          case m.currency when v_reservation.currency then v_kept else 0 end - m.cash - m.disputed)) side (account, amount),
        ledger_shares(p_reservation, side.amount) s
     where side.amount <> 0
    union all
    select k.currency, k.event_id, k.account, k.category, k.price_type, k.code, -k.amount, -k.quantity
      from known k where k.account not in ('disputed', 'retained')),
  differences as materialized (
    select currency, event_id, account, category, price_type, code, sum(amount)::bigint as amount, sum(quantity)::integer as quantity
      from lines group by currency, event_id, account, category, price_type, code
    having sum(amount) <> 0 or sum(quantity) <> 0)
  insert into ledger (posting, at, reservation_id, currency, event_id, account, category, price_type, code, amount, quantity)
  select v_posting, v_at, p_reservation, d.* from differences d
  union all
  select v_posting, v_at, p_reservation, currency, event_id, 'retained', null, null, null, -sum(amount)::bigint, null
    from differences group by currency, event_id having sum(amount) <> 0;
end $$;
