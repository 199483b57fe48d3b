-- The name that was called before orders of several events.
create or replace function seats_taken_batch(p_ids text[], p_events text[], p_labels jsonb[])
returns table (request integer, taken text[]) language sql as $$
  select batch.request, array(select seat ->> 'label' from jsonb_array_elements(batch.taken) seat)
    from orders_taken_batch(p_ids, array(
      select (select jsonb_agg(jsonb_build_array(event, label)) from jsonb_array_elements(labels) label)
        from unnest(p_events, p_labels) with ordinality asked (event, labels, n) order by n)) batch
$$;
