-- Deletes the oldest entries of the feed, up to p_most that are older than p_days. Returns how many.
create or replace function truncate_feed(p_days integer, p_most integer) returns integer
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_old constant timestamptz := clock_timestamp() - make_interval(days => p_days);
  v_to bigint;
  v_mark integer;
  v_count integer;
begin
  if coalesce((select numbered_at from feed order by sequence limit 1) >= v_old, true) then return 0; end if;
  perform from feed_head for update skip locked;
  if not found then return 0; end if;
  select sequence, mark into v_to, v_mark
    from (select sequence, mark, numbered_at from feed order by sequence limit p_most) oldest
   where numbered_at < v_old order by sequence desc limit 1;
  delete from feed where sequence <= v_to;
  get diagnostics v_count = row_count;
  update feed_head set truncated_to = v_to, truncated_mark = v_mark where v_to is not null;
  return v_count;
end $$;
