-- Records a payment that a provider proves (p_source `stripe`, `standard`) or that a client or an
-- operator claims (`client`, `signal`), with the inbox row that the actor will handle and the ring
-- for it. If it is the right amount for a hold that has not ended, it pins the hold in the same
-- transaction: paid in time is in time, however late the actor comes.
--
-- A reference is one payment. A claim of what another reservation has is a mismatch and leaves no
-- trace. A proof of what another reservation claims goes its own way (`contradict_claim`); of what
-- is proven for another it is a note.
--
-- p_strict (a client's confirm): what cannot confirm is refused and leaves no trace.
-- p_captured_by: who can give the payment back.
-- p_change: the change of the reservation that it is for, or null. One that is not of this reservation counts as none.
-- Lock order: seats by id, then the reservation, then the reference.
-- Returns {kind: recorded | known | unknown | cancelled | expired | confirmed | mismatch | change_ended,
-- inboxId?, reservation? (whose payment it is, of a claim that is a mismatch)}.
create or replace function record_payment_for(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_actor text,
  p_strict boolean, p_captured_by text, p_change uuid
) returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_proven_by text := case when p_source in ('stripe', 'standard') then p_source end;
  v_told jsonb := jsonb_build_object('reservation', p_reservation, 'amount', p_amount, 'currency', p_currency);
  v_reservation reservations;
  v_change changes;
  v_mine payments;
  v_other payments;
  v_exists boolean;
  v_status text;
  v_matches boolean;
  v_inbox bigint;
begin
  -- Looked at before the seats are locked: a hold that commits in between would show its reservation without its seats.
  -- It counts as not there yet; its actor looks into the inbox first thing.
  v_exists := exists (select from reservations where id = p_reservation);
  if v_exists then
    perform change_claims('lock', p_reservation);
    select * into v_reservation from reservations where id = p_reservation for update;
    select * into v_change from changes where id = p_change and reservation_id = p_reservation and of_sale;
  end if;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  v_matches := v_exists and coalesce(v_change.due, v_reservation.total) = p_amount and v_reservation.currency = p_currency;
  if p_strict and not v_exists then return jsonb_build_object('kind', 'unknown'); end if;

  perform pg_advisory_xact_lock(hashtextextended('payment:' || p_reference, 0));
  select * into v_mine from payments where reference = p_reference and reservation_id = p_reservation and role <> 'unmatched';
  select * into v_other from payments where reference = p_reference and reservation_id <> p_reservation and role <> 'unmatched'
   order by proven_by nulls last limit 1;

  if p_strict then
    if v_status = 'cancelled' or exists (select from inbox where reservation_id = p_reservation and kind = 'cancel' and handled_at is null)
      then return jsonb_build_object('kind', 'cancelled'); end if;
    if v_change.id is not null then
      if v_change.status <> 'applied' or v_mine.change_id is distinct from v_change.id then
        if v_change.status <> 'quoted' or (v_change.expires_at <= clock_timestamp() and v_change.paid_in_time_at is null)
          then return jsonb_build_object('kind', 'change_ended'); end if;
      end if;
    elsif v_status = 'confirmed' and v_reservation.confirmed_by <> p_reference then return jsonb_build_object('kind', 'confirmed'); end if;
    if v_change.id is null and v_status = 'expired' then return jsonb_build_object('kind', 'expired'); end if;
    -- A repetition of the payment that confirmed it is that one, whatever a change has made of the total since.
    if not (v_matches or (v_change.id is null and v_status = 'confirmed' and v_reservation.confirmed_by = p_reference))
       or v_mine.amount <> p_amount or v_mine.currency <> p_currency
       -- It is a payment for something else of this reservation.
       or (v_mine.id is not null and v_mine.change_id is distinct from v_change.id)
      then return jsonb_build_object('kind', 'mismatch'); end if;
  end if;
  if v_mine.id is null and v_proven_by is null and v_other.id is not null
    then return jsonb_build_object('kind', 'mismatch', 'reservation', v_other.reservation_id); end if;
  -- Another payment is on its way to confirm this reservation; a second one would only be refunded.
  if p_strict and v_mine.id is null
     and (case when v_change.id is null then v_reservation.paid_in_time_at else v_change.paid_in_time_at end) is not null then return jsonb_build_object('kind', 'confirmed'); end if;

  if v_proven_by is not null and coalesce(v_mine.proven_by, v_other.proven_by) is not null then
    -- Proven before: told again it is known, told otherwise it is a note.
    if v_mine.proven_by is null or (v_mine.amount, v_mine.currency) <> (p_amount, p_currency) then
      if v_mine.proven_by is not null then v_other := v_mine; end if;
      perform add_note('reference_conflict', p_reservation, p_reference, jsonb_build_object('told', v_told, 'by', v_proven_by,
        'known', jsonb_build_object('reservation', v_other.reservation_id, 'amount', v_other.amount, 'currency', v_other.currency)));
    end if;
  elsif v_proven_by is not null then
    if v_other.id is not null then perform contradict_claim(v_other.id, v_told); end if;
    if v_mine.id is not null then
      perform prove_claim(v_mine.id, p_amount, p_currency, v_proven_by, p_captured_by);
      perform hear_early_events(p_reference);
    end if;
  end if;
  -- An event of this payment that we did not understand asks for no look any more, once a provider has proven the payment
  -- or it is new; one about its refunds or disputes still does.
  if v_proven_by is not null or v_mine.id is null then
    update notes set closed_at = clock_timestamp(), closed_by = 'system'
     where reference = p_reference and kind = 'event_not_understood' and closed_at is null and not data ? 'afterPayment';
  end if;
  if v_mine.id is not null or (v_proven_by is not null and v_other.proven_by is not null) then
    select id into v_inbox from inbox where reference = p_reference and reservation_id = p_reservation and kind = 'payment';
    return jsonb_build_object('kind', 'known', 'inboxId', v_inbox);
  end if;

  -- What came before as another account's, or of the other mode, is ours after all.
  delete from payments where reference = p_reference and reservation_id = p_reservation and role = 'unmatched';
  insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by, change_id)
    values (p_reference, p_reservation, p_amount, p_currency, p_source, v_proven_by, p_captured_by, v_change.id);
  insert into inbox (reservation_id, kind, reference, actor, change_id) values (p_reservation, 'payment', p_reference, p_actor, v_change.id) returning id into v_inbox;
  if p_captured_by = 'test' then
    insert into test_provider.charges (reference, amount, currency) values (p_reference, p_amount, p_currency)
      on conflict (reference) do update set amount = excluded.amount, currency = excluded.currency;
  end if;
  if v_exists then
    if v_matches and v_change.id is null then perform pin_hold(p_reservation); end if;
    if v_matches and v_change.id is not null then perform pin_change(v_change.id); end if;
    insert into history (reservation_id, type, actor, data) values (p_reservation, 'payment.received', p_actor,
      jsonb_strip_nulls(jsonb_build_object('reference', p_reference, 'amount', p_amount, 'currency', p_currency, 'change', v_change.id)));
    insert into outbox (kind, subject) values ('ring', p_reservation);
  end if;
  if v_proven_by is not null then perform hear_early_events(p_reference); end if;
  return jsonb_build_object('kind', 'recorded', 'inboxId', v_inbox);
end $$;
