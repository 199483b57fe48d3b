-- Ends the turn of an activity when an endpoint has nothing to be sent now. Taken under the lock of the feed's head: an
-- entry is numbered before, and found here, or afterwards, and wakes the endpoint.
-- Returns milliseconds until something is due by itself, -1 for never; null: there is something to do now.
create or replace function rest_webhook_endpoint(p_endpoint uuid, p_runner uuid, p_waiting integer) returns float8
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_head bigint;
  e webhook_endpoints;
  v_due timestamptz;
  v_now timestamptz;
  v_full boolean;
begin
  select sequence into v_head from feed_head for share;
  select * into e from webhook_endpoints where id = p_endpoint and runner = p_runner for update;
  if not found then return -1; end if;
  v_now := clock_timestamp();
  select next_attempt_at into v_due from webhook_deliveries
   where endpoint_id = p_endpoint and status = 'pending' and next_attempt_at is not null order by next_attempt_at limit 1;
  if v_due <= v_now then return null; end if;
  v_full := (select count(*) from (select from webhook_deliveries where endpoint_id = p_endpoint and status = 'pending' limit p_waiting) waiting)
            >= p_waiting;
  if not v_full and e.position < v_head then
    if exists (select from feed f cross join lateral (select type from history where id = f.history_id offset 0) h
                where f.sequence > e.position and (e.sees_all or f.for_all or f.client = e.client)
                  and (e.types is null or history_type(h.type) = any (e.types))) then
      return null;
    end if;
    e.position := v_head;
  end if;
  update webhook_endpoints set asleep = true, wake_at = v_due, runner = null, runner_until = null, position = e.position
   where id = p_endpoint;
  return case when v_due is null then -1 else ceil(extract(epoch from v_due - v_now) * 1000) end;
end $$;
