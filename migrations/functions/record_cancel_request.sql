-- Records a request to cancel. Returns {kind: recorded | unknown | cancelled | expired, inboxId?}.
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
  if v_inbox is null then
    insert into inbox (reservation_id, kind, actor) values (p_reservation, 'cancel', p_actor) returning id into v_inbox;
    insert into history (reservation_id, type, actor) values (p_reservation, 'reservation.cancel_requested', p_actor);
    insert into outbox (kind, subject) values ('ring', p_reservation);
  end if;
  return jsonb_build_object('kind', 'recorded', 'inboxId', v_inbox);
end $$;
