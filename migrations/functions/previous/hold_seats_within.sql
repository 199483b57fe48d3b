-- The name that was called before orders of several events:
-- `hold_seats` for a caller who waits so long and no longer: what is not decided by then is undone,
-- so that no seats are held for a buyer who was told otherwise.
create or replace function hold_seats_within(
  p_within_ms integer, p_id text, p_client text, p_fingerprint bytea, p_event text, p_labels text[],
  p_buyer_name text, p_buyer_email text, p_buyer_key bytea,
  p_default_ttl integer, p_buyer_cap integer, p_actor text
) returns jsonb language plpgsql as $$
declare
  v_result jsonb;
begin
  perform set_config('lock_timeout', p_within_ms || 'ms', true);
  v_result := hold_seats(p_id, p_client, p_fingerprint, p_event, p_labels, p_buyer_name, p_buyer_email, p_buyer_key,
                         p_default_ttl, p_buyer_cap, p_actor);
  if clock_timestamp() > statement_timestamp() + p_within_ms * interval '1 millisecond' then
    raise exception 'the caller does not wait any more' using errcode = 'query_canceled';
  end if;
  return v_result;
end $$;
