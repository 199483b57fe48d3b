-- Checks a ticket in, once, and only at its own event. A ticket of another event stays valid.
--
-- p_scan: the scanner's id of the scan, or null. It belongs to the API key and the code: a repeated scan gets its first
--         answer again, unless the check-in was undone.
-- p_scanned_at: the time of a scan without a network, sent later; null: now. The scan that arrives first counts, not the
--         scan that was made first.
-- Lock order: the reservation (as the history's foreign key does), then the ticket. A cancel takes the same locks, so
-- either the check-in or the cancel succeeds. An entry ends an open quote that would give its seat back.
-- Returns {kind: checked_in | already_checked_in | ticket_void | wrong_event | unknown | scan_id_reused | scan_undone |
-- scan_too_old | scan_in_the_future, at?, gate?, why?, seat?, event?, reservation?, holder?}.
create or replace function check_in(
  p_code text, p_event uuid, p_key bigint, p_scan text, p_gate text, p_scanned_at timestamptz, p_actor text
) returns jsonb language plpgsql as $$
declare
  v_hash constant bytea := sha256(convert_to(p_code, 'UTF8'));
  v_now timestamptz;
  v_ticket tickets;
  v_known scans;
  v_scan scans;
begin
  perform from reservations where id = (select reservation_id from tickets where code = p_code) for key share;
  select * into v_ticket from tickets where code = p_code for update;

  loop
    select * into v_known from scans where key_id = p_key and scan_id = p_scan;
    if found then
      if v_known.code_hash <> v_hash then return jsonb_build_object('kind', 'scan_id_reused'); end if;
      if v_known.undone_at is not null then return jsonb_build_object('kind', 'scan_undone'); end if;
      return check_in_answer(v_known);
    end if;

    v_now := clock_timestamp();
    if p_scanned_at < v_now - interval '1 day' then return jsonb_build_object('kind', 'scan_too_old'); end if;
    -- The scanner's clock may be fast.
    if p_scanned_at > v_now + interval '5 minutes' then return jsonb_build_object('kind', 'scan_in_the_future'); end if;

    v_scan := row(p_key, p_scan, v_hash, v_ticket.id, null, null, null, null, v_now)::scans;
    v_scan.outcome := case
      when v_ticket.id is null then 'unknown'
      when p_event <> (select event_id from seats where id = v_ticket.seat_id) then 'wrong_event'
      when v_ticket.status = 'void' then 'ticket_void'
      when v_ticket.status = 'used' then 'already_checked_in'
      else 'checked_in' end;
    if v_scan.outcome = 'already_checked_in' then
      v_scan.entered_at := v_ticket.used_at;
      v_scan.gate := v_ticket.used_gate;
    elsif v_scan.outcome = 'checked_in' then
      v_scan.entered_at := least(p_scanned_at, v_now);
      v_scan.gate := p_gate;
    end if;
    exit when p_scan is null;
    insert into scans values (v_scan.*) on conflict do nothing;
    -- Otherwise a concurrent request has used this id with another code.
    exit when found;
  end loop;

  if v_scan.outcome = 'checked_in' then
    update tickets set status = 'used', used_at = v_scan.entered_at, used_gate = p_gate where id = v_ticket.id;
    perform end_change_at_the_door(v_ticket.reservation_id, v_ticket.seat_id, p_actor);
    insert into history (reservation_id, type, actor, data)
      values (v_ticket.reservation_id, 'ticket.checked_in', p_actor, jsonb_strip_nulls(jsonb_build_object(
             'seat', seat_in_order(v_ticket.reservation_id, v_ticket.seat_id), 'gate', p_gate,
             'scannedAt', rfc3339(p_scanned_at))));
  end if;
  return check_in_answer(v_scan);
end $$;
