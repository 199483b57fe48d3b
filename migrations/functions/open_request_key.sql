-- Whether a call under an Idempotency-Key was made before: see `request_keys`. Requests with the
-- same key wait here for each other until the transaction ends. Call it before any other lock, and
-- `close_request_key` once the answer is known.
-- Returns {kind: first | replayed | reused, answer?}.
create or replace function open_request_key(
  p_client text, p_call text, p_resource text, p_key text, p_fingerprint bytea
) returns jsonb language plpgsql as $$
declare
  v_known request_keys;
begin
  perform pg_advisory_xact_lock(hashtextextended(jsonb_build_array('request-key', p_client, p_call, p_resource, p_key)::text, 0));
  select * into v_known from request_keys
   where client = p_client and call = p_call and resource = p_resource and key = p_key;
  if not found then return jsonb_build_object('kind', 'first'); end if;
  if v_known.fingerprint <> p_fingerprint then return jsonb_build_object('kind', 'reused'); end if;
  return jsonb_build_object('kind', 'replayed', 'answer', v_known.answer);
end $$;
