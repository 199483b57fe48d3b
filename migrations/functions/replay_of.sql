-- The answer to a request with a known key: the reservation for the client that made it, and
-- nothing for other clients.
create or replace function replay_of(p_id text, p_client text, p_fingerprint bytea) returns jsonb language plpgsql as $$
declare
  v_known reservations;
begin
  select * into v_known from reservations where id = p_id;
  if not found then return null; end if;
  if v_known.client is distinct from p_client or v_known.fingerprint is distinct from p_fingerprint then
    return jsonb_build_object('kind', 'reused');
  end if;
  return jsonb_build_object('kind', 'replayed', 'reservation', reservation_json(p_id));
end $$;
