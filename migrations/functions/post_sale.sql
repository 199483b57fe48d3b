-- Posts the difference between what a sale is now and what was posted of it, so it is safe to repeat: what is sold, and
-- of the money for it what is retained: neither sold nor given back nor ordered to be. Of a sale that stands that is
-- negative by what was given back all the same; of a cancelled one nothing is sold. Cash that came before its order was
-- known, or when its events cost otherwise, is shared anew. The buyer's account has the other side of each event's
-- lines.
--
-- The lock: of two transactions that change one sale (a cancel, a refund) the second sees what the first has posted.
create or replace function post_sale(p_reservation text) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_retained bigint;
  v_posting bigint := nextval('ledger_postings');
  v_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('ledger:' || p_reservation, 0));
  v_at := clock_timestamp();
  select * into v_reservation from reservations where id = p_reservation;
  if v_reservation.confirmed_at is null then return; end if;
  select coalesce(sum(p.amount
           - (select coalesce(sum(f.amount), 0) from refunds f where f.payment_id = p.id and f.status <> 'failed')
           - (select coalesce(sum(d.amount), 0) from disputes d where d.payment_id = p.id and d.status = 'lost')), 0)
         - case v_reservation.status when 'confirmed' then v_reservation.total else 0 end
    into v_retained from payments p where p.reservation_id = p_reservation and p.role = 'confirming';

  with known as materialized (
    select l.* from ledger l where l.reservation_id = p_reservation),
  lines as (
    select v_reservation.currency as currency, s.* from sale_lines(p_reservation) s where v_reservation.status = 'confirmed'
    union all
    select v_reservation.currency, s.event_id, 'retained', null, null, null, -s.amount, null
      from ledger_shares(p_reservation, v_retained) s
    union all
    select cash.currency, s.event_id, 'cash', null, null, null, s.amount, null
      from (select k.currency, sum(k.amount)::bigint as amount from known k where k.account = 'cash' group by k.currency) cash,
        ledger_shares(p_reservation, cash.amount) s
    union all
    select k.currency, k.event_id, k.account, k.category, k.price_type, k.code, -k.amount, -k.quantity
      from known k where k.account = 'cash' or (k.payment_id is null and k.account <> 'customers')),
  differences as materialized (
    select currency, event_id, account, category, price_type, code, sum(amount)::bigint as amount, sum(quantity)::integer as quantity
      from lines group by currency, event_id, account, category, price_type, code
    having sum(amount) <> 0 or sum(quantity) <> 0)
  insert into ledger (posting, at, reservation_id, currency, event_id, account, category, price_type, code, amount, quantity)
  select v_posting, v_at, p_reservation, d.* from differences d
  union all
  select v_posting, v_at, p_reservation, currency, event_id, 'customers', null, null, null, -sum(amount)::bigint, null
    from differences group by currency, event_id having sum(amount) <> 0;
end $$;
