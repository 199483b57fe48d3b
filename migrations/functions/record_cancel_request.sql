-- Records a request to cancel. Of a confirmed reservation it is decided here: from this commit its tickets are void at
-- the door, unless somebody has come in with one. The tickets are locked, so of an entry and a cancel one wins.
-- Lock order: the claims, the reservation, its tickets.
-- Returns {kind: recorded | unknown | cancelled | expired | already_checked_in, inboxId?}.
create or replace function record_cancel_request(p_reservation text, p_actor text)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_status text;
  v_inbox bigint;
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  perform change_claims('lock', p_reservation);
  select * into v_reservation from reservations where id = p_reservation for update;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  if v_status in ('cancelled', 'expired') then return jsonb_build_object('kind', v_status); end if;

  select id into v_inbox from inbox where reservation_id = p_reservation and kind = 'cancel' and handled_at is null;
  if v_reservation.cancel_requested_at is null then
    perform from tickets where reservation_id = p_reservation order by id for update;
    if exists (select from tickets where reservation_id = p_reservation and status = 'used') then
      return jsonb_build_object('kind', 'already_checked_in');
    end if;
    update tickets set status = 'void', voided_at = clock_timestamp() where reservation_id = p_reservation and status = 'valid';
    update reservations set cancel_requested_at = clock_timestamp() where id = p_reservation;
  end if;
  if v_inbox is null then
    insert into inbox (reservation_id, kind, actor) values (p_reservation, 'cancel', p_actor) returning id into v_inbox;
    insert into history (reservation_id, type, actor) values (p_reservation, 'reservation.cancel_requested', p_actor);
    insert into outbox (kind, subject) values ('ring', p_reservation);
  end if;
  return jsonb_build_object('kind', 'recorded', 'inboxId', v_inbox);
end $$;
