-- What an order costs beside its tickets, in minor units: its fees, and the tax that its prices do not include.
create or replace function added_to_tickets(p_fees jsonb, p_taxes jsonb) returns bigint language sql immutable parallel safe as $$
  select case when p_fees is null and p_taxes is null then 0 else
    (coalesce((select sum((fee ->> 'amount')::bigint) from jsonb_array_elements(p_fees) fee), 0)
     + coalesce((select sum((tax ->> 'amount')::bigint) from jsonb_array_elements(p_taxes) tax
                  where tax -> 'included' = 'false'), 0))::bigint end
$$;
