-- The one definition of a free seat: it has no owner, or its hold has ended.
create or replace function seat_is_free(p_status text, p_hold_ends_at timestamptz) returns boolean language sql volatile parallel safe as $$
  select p_status = 'available' or (p_status = 'held' and p_hold_ends_at <= clock_timestamp())
$$;
