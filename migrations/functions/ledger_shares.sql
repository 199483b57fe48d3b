-- Shares money of an order over its events, in proportion to what each costs now; all of it, to the unit. So a payment
-- of the total gives each event what it costs. Of an order that costs nothing the first event has it all, and of one
-- that is not known yet nobody (null).
create or replace function ledger_shares(p_reservation text, p_amount bigint)
returns table (event_id uuid, amount bigint) language plpgsql stable as $$
declare
  v_event uuid;
  v_events uuid[];
begin
  select r.event_id, r.event_ids into v_event, v_events from reservations r where r.id = p_reservation;
  if v_events is null then
    return query select v_event, p_amount;
    return;
  end if;
  return query
    with costs as (
      select e.id, e.n, coalesce(sold.cost, 0) as cost
        from unnest(v_events) with ordinality e (id, n)
        left join (select l.event_id, -sum(l.amount) as cost from sale_lines(p_reservation) l group by l.event_id) sold on sold.event_id = e.id),
    weights as (
      select id, n, case when sum(cost) over () = 0 then (n = 1)::integer else cost end as weight from costs)
    select s.* from (select array_agg(id order by n) as ids, array_agg(weight::bigint order by n) as weights from weights) w,
      split_amount(p_amount, w.ids, w.weights) s;
end $$;
