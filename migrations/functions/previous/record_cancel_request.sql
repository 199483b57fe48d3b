-- As the release before calls it: see `accept_cancel`.
create or replace function record_cancel_request(p_reservation text, p_actor text) returns jsonb language sql as $$
  select accept_cancel(p_reservation, p_actor, null)
$$;
