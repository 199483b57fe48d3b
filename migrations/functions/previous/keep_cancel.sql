-- The name that release 1.0 calls while it runs beside this one during a deployment.
create or replace function keep_cancel(p_reservation text, p_actor text) returns jsonb language sql as $$
  select case when result ->> 'kind' = 'recorded' then result || '{"kind": "kept"}' else result end
    from record_cancel_request(p_reservation, p_actor) result
$$;
