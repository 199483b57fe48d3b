-- Shares money of a payment over the events of its order, so that each gives what it has: what a dispute set aside is taken
-- from where it was set aside. Of an order that was never sold, money leaves the events that it came to, whatever the
-- order has become since. Else what the order is now decides (`ledger_shares`), as `post_sale` sees to it that it stands so.
-- p_amount: leaves cash; negative: it comes.
create or replace function money_shares(p_amount bigint, p_payment payments, p_dispute text)
returns table (event_id uuid, amount bigint) language plpgsql stable as $$
declare
  v_events uuid[];
  v_came bigint[];
  v_there bigint[];
begin
  select array_agg(l.event_id), array_agg(l.aside) into v_events, v_came
    from (select e.event_id, sum(e.amount)::bigint as aside from ledger e
           where e.reservation_id = p_payment.reservation_id and e.dispute_id = p_dispute and e.account = 'disputed'
           group by e.event_id having sum(e.amount) <> 0) l;
  if v_events is not null then
    return query select * from split_amount(p_amount, v_events, v_came);
    return;
  end if;

  if not exists (select from reservations r where r.id = p_payment.reservation_id and r.confirmed_at is not null) then
    select array_agg(l.event_id), array_agg(l.came), array_agg(l.there) into v_events, v_came, v_there
      from (select e.event_id, coalesce(sum(e.amount) filter (where e.refund_id is null and e.dispute_id is null), 0)::bigint as came,
                   sum(e.amount)::bigint as there
              from ledger e
             where e.reservation_id = p_payment.reservation_id and e.payment_id = p_payment.id and e.account = 'cash'
             group by e.event_id order by e.event_id) l;
  end if;
  if (select sum(came) from unnest(v_came) came) <> 0 then
    -- So that the parts of several refunds add up to what came.
    return query
      select v_events[n], v_there[n] - rest.amount
        from split_amount((select sum(there)::bigint from unnest(v_there) there) - p_amount, v_events, v_came)
             with ordinality rest (event_id, amount, n);
  else
    return query select * from ledger_shares(p_payment.reservation_id, p_amount);
  end if;
end $$;
