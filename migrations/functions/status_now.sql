-- The effective status of a reservation: a hold past its end is expired, whether or not its row
-- says so yet.
create or replace function status_now(p_status text, p_hold_ends_at timestamptz, p_paid_in_time_at timestamptz)
returns text language sql volatile parallel safe as $$
  select case when p_status = 'held' and p_paid_in_time_at is null and p_hold_ends_at <= clock_timestamp()
    then 'expired' else p_status end
$$;
