-- Takes the next entries of the feed for an endpoint: they become deliveries, and its position moves. Of each subject one
-- is due, the first; the next one is due when that has ended.
-- p_look: entries looked at, at most. p_waiting: deliveries that may wait; then nothing is taken.
-- Returns whether there may be more to take.
create or replace function take_webhook_entries(p_endpoint uuid, p_runner uuid, p_look integer, p_waiting integer)
returns boolean language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  e webhook_endpoints;
  v_head bigint;
  v_to bigint;
  v_seen bigint[];
begin
  select * into e from webhook_endpoints where id = p_endpoint and runner = p_runner for update;
  if not found then return false; end if;
  -- Read first: what is numbered afterwards is for the next time.
  select sequence into v_head from feed_head;
  if e.position >= v_head then return false; end if;
  if (select count(*) from (select from webhook_deliveries where endpoint_id = p_endpoint and status = 'pending' limit p_waiting) waiting)
     >= p_waiting then return false; end if;

  if e.sees_all then
    select array_agg(sequence) into v_seen
      from (select sequence from feed where sequence > e.position and sequence <= v_head order by sequence limit p_look) seen;
  else
    select array_agg(sequence) into v_seen from (
      (select sequence from feed where client = e.client and sequence > e.position and sequence <= v_head order by sequence limit p_look)
      union all
      (select sequence from feed where for_all and sequence > e.position and sequence <= v_head order by sequence limit p_look)
      order by sequence limit p_look) seen;
  end if;
  v_to := case when cardinality(v_seen) = p_look then v_seen[p_look] else v_head end;

  insert into webhook_deliveries (endpoint_id, sequence, mark, history_id, subject, next_attempt_at)
  select p_endpoint, sequence, mark, history_id, subject,
         case when place = 1 and not exists (
           select from webhook_deliveries w where w.endpoint_id = p_endpoint and w.subject = told.subject and w.status = 'pending')
         then clock_timestamp() end
    from (select f.sequence, f.mark, f.history_id, s.subject, row_number() over (partition by s.subject order by f.sequence) as place
            from unnest(v_seen) taken (sequence)
           cross join lateral (select * from feed where sequence = taken.sequence offset 0) f
           cross join lateral (select * from history where id = f.history_id offset 0) h
           cross join lateral (select coalesce(h.reservation_id, h.event_id::text) as subject) s
           where (e.types is null or history_type(h.type) = any (e.types))) told
  -- After a replay: it was sent before, and is sent again.
  on conflict (endpoint_id, sequence) do update set status = 'pending', next_attempt_at = excluded.next_attempt_at,
    attempts = 0, created_at = excluded.created_at, first_attempt_at = null, last_attempt_at = null, finished_at = null,
    response_status = null, error = null
   where webhook_deliveries.status <> 'pending';
  update webhook_endpoints set position = v_to where id = p_endpoint;
  return v_to < v_head;
end $$;
