-- The name that release 1.0 calls while it runs beside this one during a deployment.
create or replace function plainly_gone(p_ids text[], p_events text[], p_labels jsonb[])
returns table (request integer, taken text[]) language sql as $$
  select * from seats_taken_batch(p_ids, p_events, p_labels)
$$;
