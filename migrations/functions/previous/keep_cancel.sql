-- The name that release 1.0 calls while it runs beside this one during a deployment. It knows no cancel that comes too
-- late because somebody has come in: it is told of one that comes too late.
create or replace function keep_cancel(p_reservation text, p_actor text) returns jsonb language sql as $$
  select case result ->> 'kind' when 'recorded' then result || '{"kind": "kept"}'
              when 'already_checked_in' then result || '{"kind": "expired"}' else result end
    from record_cancel_request(p_reservation, p_actor) result
$$;
