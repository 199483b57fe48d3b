-- A time with microseconds, for positions in a list, which must not be rounded.
create or replace function rfc3339_us(p_at timestamptz) returns text language sql stable parallel safe as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
