-- Accepts a cancel. Of a confirmed reservation it is decided here: from this commit its tickets are void at the door,
-- unless somebody has come in with one, and what goes back is fixed. The tickets are locked, so of an entry and a cancel
-- one wins. An open quote of a change ends.
-- p_choice: null (by the terms of the events), or an operator's {refund: full | none | minor units, allowCheckedIn}.
-- Lock order: the claims, the reservation, its tickets.
-- Returns {kind: recorded | unknown | cancelled | expired | already_checked_in | cancel_accepted | exceeds, inboxId?, left?}.
create or replace function accept_cancel(p_reservation text, p_actor text, p_choice jsonb)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_status text;
  v_inbox bigint;
  v_left bigint;
  v_refund bigint;
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  perform change_claims('lock', p_reservation);
  select * into v_reservation from reservations where id = p_reservation for update;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  if v_reservation.cancel_requested_at is not null and v_reservation.cancel_choice is distinct from p_choice then
    return jsonb_build_object('kind', 'cancel_accepted');
  end if;
  if v_status in ('cancelled', 'expired') then return jsonb_build_object('kind', v_status); end if;

  select id into v_inbox from inbox where reservation_id = p_reservation and kind = 'cancel' and handled_at is null;
  if v_reservation.cancel_requested_at is null then
    if v_status = 'confirmed' then
      perform from tickets where reservation_id = p_reservation order by id for update;
      if exists (select from tickets where reservation_id = p_reservation and status = 'used')
         and p_choice -> 'allowCheckedIn' is distinct from 'true' then
        return jsonb_build_object('kind', 'already_checked_in');
      end if;
      v_left := (select coalesce(sum(payment_left(id)), 0) from payments where reservation_id = p_reservation and role = 'confirming');
      v_refund := case
        when p_choice -> 'refund' is null then (refund_by_terms(p_reservation) ->> 'refund')::bigint
        when p_choice -> 'refund' = '"full"' then v_left
        when p_choice -> 'refund' = '"none"' then 0
        else (p_choice ->> 'refund')::bigint end;
      if v_refund > v_left then return jsonb_build_object('kind', 'exceeds', 'left', v_left); end if;
      update tickets set status = 'void', voided_at = clock_timestamp() where reservation_id = p_reservation and status <> 'void';
      perform end_change(id, 'expired', 'cancelled', p_actor) from changes where reservation_id = p_reservation and status = 'quoted';
    end if;
    update reservations set cancel_requested_at = clock_timestamp(), cancel_choice = p_choice, cancel_refund = v_refund where id = p_reservation;
  end if;
  if v_inbox is null then
    insert into inbox (reservation_id, kind, actor) values (p_reservation, 'cancel', p_actor) returning id into v_inbox;
    insert into history (reservation_id, type, actor) values (p_reservation, 'reservation.cancel_requested', p_actor);
    insert into outbox (kind, subject) values ('ring', p_reservation);
  end if;
  return jsonb_build_object('kind', 'recorded', 'inboxId', v_inbox);
end $$;
