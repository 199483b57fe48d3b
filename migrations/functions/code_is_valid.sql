-- Whether a code counts now for an order of these events: for at least one of them.
create or replace function code_is_valid(p_code codes, p_events uuid[]) returns boolean language sql volatile as $$
  select coalesce(clock_timestamp() >= p_code.valid_from, true) and coalesce(clock_timestamp() < p_code.valid_until, true)
     and (p_code.event_id is null or p_code.event_id = any (p_events))
$$;
