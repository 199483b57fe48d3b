-- Whether a seat is free for a claim that names this allotment, or none (null): what is in an allotment is free for its
-- own claims alone until the allotment ends.
create or replace function seat_is_free_for(
  p_named uuid, p_status text, p_hold_ends_at timestamptz, p_allotment uuid, p_allotment_until timestamptz
) returns boolean language sql volatile parallel safe as $$
  select seat_is_free(p_status, p_hold_ends_at)
     and (p_allotment_until is null or p_allotment_until <= clock_timestamp() or coalesce(p_allotment = p_named, false))
$$;
