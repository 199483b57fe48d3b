-- Keeps what the first call under a key made: see `open_request_key`, which the same transaction has called.
create or replace function close_request_key(
  p_client text, p_call text, p_resource text, p_key text, p_fingerprint bytea, p_answer text
) returns void language sql as $$
  insert into request_keys (client, call, resource, key, fingerprint, answer)
  values (p_client, p_call, p_resource, p_key, p_fingerprint, p_answer)
$$;
