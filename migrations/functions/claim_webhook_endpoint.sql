-- Gives the turn to send to an endpoint to one activity, or keeps it with that one, for p_seconds. So of two that run at
-- once, one because it was thought to be dead, only one sends.
-- Returns whether it has the turn.
create or replace function claim_webhook_endpoint(p_endpoint uuid, p_runner uuid, p_seconds integer) returns boolean
language plpgsql as $$
begin
  update webhook_endpoints set runner = p_runner, runner_until = clock_timestamp() + make_interval(secs => p_seconds),
         asleep = false, wake_at = null
   where id = p_endpoint and status = 'enabled' and (runner is null or runner = p_runner or runner_until < clock_timestamp());
  return found;
end $$;
