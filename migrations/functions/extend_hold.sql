-- Moves the end of a hold to one TTL from now (or the seconds that the hold asked for), but not beyond its cap and the start of the event. The
-- change commits with this call; the workflow's timer asks the database when it fires. Returns {kind:
-- extended | unknown | cancelled | expired | confirmed | limit}.
create or replace function extend_hold(p_reservation text, p_default_ttl integer, p_actor text)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_status text;
  v_starts_at timestamptz;
  v_ttl integer;
  v_cap timestamptz;
  v_ends timestamptz;
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  perform change_claims('lock', p_reservation);
  select * into v_reservation from reservations where id = p_reservation for update;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  if v_status <> 'held' then return jsonb_build_object('kind', v_status); end if;
  if v_reservation.cancel_requested_at is not null then return jsonb_build_object('kind', 'cancelled'); end if;
  select min(starts_at), min(coalesce(hold_ttl_seconds, p_default_ttl)) into v_starts_at, v_ttl
    from events where id = any (coalesce(v_reservation.event_ids, array[v_reservation.event_id]));
  -- No hold outlasts the start.
  v_cap := least(v_reservation.hold_cap_at, v_starts_at);
  if v_reservation.hold_ends_at >= v_cap then return jsonb_build_object('kind', 'limit'); end if;

  v_ends := least(clock_timestamp() + make_interval(secs => coalesce(v_reservation.hold_seconds, v_ttl)), v_cap);
  -- The end never moves back: HOLD_TTL_SECONDS may have been lowered since.
  v_ends := greatest(v_ends, v_reservation.hold_ends_at);
  update reservations set hold_ends_at = v_ends where id = p_reservation;
  perform change_claims('extend', p_reservation, v_ends);
  insert into history (reservation_id, type, actor, data)
    values (p_reservation, 'reservation.extended', p_actor, jsonb_build_object('expiresAt', rfc3339(v_ends)));
  insert into outbox (kind, subject) values ('ring', p_reservation);
  return jsonb_build_object('kind', 'extended');
end $$;
