-- Splits an amount over events in proportion to weights, which have one sign and are not all 0; all of it, to the unit.
create or replace function split_amount(p_amount bigint, p_events uuid[], p_weights bigint[])
returns table (event_id uuid, amount bigint) language sql immutable as $$
  select id, (div(p_amount * after, whole) - div(p_amount * (after - weight), whole))::bigint
    from (select id, weight, sum(weight) over (order by n) as after, sum(weight) over () as whole
            from unnest(p_events, p_weights) with ordinality part (id, weight, n)) up_to
$$;
