-- Whether a quote may still be confirmed, or is being applied.
create or replace function change_is_open(p_change changes) returns boolean language sql stable as $$
  select (p_change).status = 'quoted' and ((p_change).expires_at > clock_timestamp() or (p_change).paid_in_time_at is not null)
$$;
