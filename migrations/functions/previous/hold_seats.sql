-- The name that release 1.0 calls while it runs beside this one during a deployment. It knows no prices but those of the
-- categories: of an event with rules of its own it is told that the sale is not open. What would leave an orphan, or a
-- companion place alone, it is told to be taken.
create or replace function hold_seats(
  p_id text, p_client text, p_fingerprint bytea, p_event text, p_labels text[],
  p_buyer_name text, p_buyer_email text, p_buyer_key bytea,
  p_default_ttl integer, p_buyer_cap integer, p_actor text
) returns jsonb language sql as $$
  select case result ->> 'kind'
           when 'to_be_priced' then '{"kind": "sale_not_open", "opensAt": null, "closesAt": null}'::jsonb
           when 'sale_paused' then '{"kind": "sale_not_open", "opensAt": null, "closesAt": null}'
           when 'buyer_limit' then result || '{"kind": "limit"}'
           -- It knows seats by their labels.
           else case when result ? 'seats'
             then jsonb_set(case when result ->> 'kind' in ('orphan', 'companion_alone')
                 then result || '{"kind": "taken"}' else result end,
               '{seats}', (select jsonb_agg(seat -> 'label') from jsonb_array_elements(result -> 'seats') seat))
             else result end end
    from hold_order(p_id, p_client, p_fingerprint, array[p_event], array_fill(1, array[cardinality(p_labels)]), p_labels,
      p_buyer_name, p_buyer_email, p_buyer_key, p_default_ttl, p_buyer_cap, p_actor, null) result
$$;
