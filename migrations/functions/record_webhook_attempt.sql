-- Records what an endpoint answered to a delivery.
-- p_outcome: `delivered`, `failed`, or `gone` (410), which ends the endpoint. p_wait_ms: until the next try.
-- A delivery that has failed for three days is given up, and the next one of its subject is due. An endpoint that has
-- taken nothing for three days is disabled, with a note.
-- Returns whether it was recorded: not when another activity has the turn, or the delivery is no longer waited for.
create or replace function record_webhook_attempt(
  p_endpoint uuid, p_runner uuid, p_sequence bigint, p_outcome text, p_status integer, p_error text, p_wait_ms bigint
) returns boolean language plpgsql as $$
declare
  v_patience constant interval := interval '3 days';
  v_now timestamptz;
  e webhook_endpoints;
  d webhook_deliveries;
  v_end timestamptz;
  v_disabled text;
begin
  select * into e from webhook_endpoints where id = p_endpoint and runner = p_runner for update;
  if not found then return false; end if;
  select * into d from webhook_deliveries
   where endpoint_id = p_endpoint and sequence = p_sequence and status = 'pending' and next_attempt_at is not null for update;
  if not found then return false; end if;
  v_now := clock_timestamp();
  v_end := coalesce(d.first_attempt_at, v_now) + v_patience;

  d.status := case when p_outcome = 'delivered' then 'delivered' when p_outcome = 'failed' and v_now >= v_end then 'failed' else 'pending' end;
  update webhook_deliveries set status = d.status, attempts = attempts + 1,
         first_attempt_at = coalesce(first_attempt_at, v_now), last_attempt_at = v_now,
         finished_at = case when d.status <> 'pending' then v_now end,
         -- The last try is at the end of its time.
         next_attempt_at = case when d.status = 'pending' then least(v_now + p_wait_ms * interval '1 millisecond', v_end) end,
         response_status = p_status, error = p_error
   where endpoint_id = p_endpoint and sequence = p_sequence;
  if d.status <> 'pending' then
    update webhook_deliveries set next_attempt_at = v_now
     where endpoint_id = p_endpoint and sequence = (
       select sequence from webhook_deliveries where endpoint_id = p_endpoint and subject = d.subject and status = 'pending'
        order by sequence limit 1);
  end if;

  v_disabled := case when p_outcome = 'gone' then 'gone'
                     when p_outcome = 'failed' and e.failing_since < v_now - v_patience then 'no_success' end;
  if p_outcome = 'delivered' then
    update webhook_endpoints set last_success_at = v_now, failing_since = null where id = p_endpoint;
  elsif v_disabled is null then
    update webhook_endpoints set failing_since = coalesce(failing_since, v_now) where id = p_endpoint;
  elsif e.status = 'enabled' then
    update webhook_endpoints set failing_since = coalesce(failing_since, v_now), status = 'disabled',
           disabled_reason = v_disabled, disabled_at = v_now, updated_at = v_now where id = p_endpoint;
    perform add_note('webhook_disabled', null, null, jsonb_build_object(
      'endpoint', p_endpoint, 'client', e.client, 'why', v_disabled, 'at', rfc3339(v_now)));
  end if;
  return true;
end $$;
