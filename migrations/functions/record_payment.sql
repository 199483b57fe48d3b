-- Records a payment that a provider, a client or an operator told us of: once per reference, with the inbox row that the actor will handle and the
-- ring for it. If it is the right amount for a hold that has not ended, it pins the hold in the same transaction:
-- paid in time is in time, however late the actor comes.
--
-- p_strict (a client's confirm): what cannot confirm is refused and leaves no trace.
-- Lock order: seats by id, then the reservation.
-- Returns {kind: recorded | known | unknown | cancelled | expired | confirmed | mismatch, inboxId?}.
create or replace function record_payment(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_actor text,
  p_strict boolean, p_test_provider boolean
) returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_known payments;
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
  end if;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  v_matches := v_exists and v_reservation.total = p_amount and v_reservation.currency = p_currency;
  if p_strict and not v_exists then return jsonb_build_object('kind', 'unknown'); end if;

  select * into v_known from payments where reference = p_reference;
  if p_strict then
    if v_status = 'cancelled' or exists (select from inbox where reservation_id = p_reservation and kind = 'cancel' and handled_at is null)
      then return jsonb_build_object('kind', 'cancelled'); end if;
    if v_status = 'confirmed' then
      return jsonb_build_object('kind', case when v_reservation.confirmed_by = p_reference then 'known' else 'confirmed' end);
    end if;
    if v_status = 'expired' then return jsonb_build_object('kind', 'expired'); end if;
    if not v_matches or v_known.reservation_id <> p_reservation or v_known.amount <> p_amount or v_known.currency <> p_currency
      then return jsonb_build_object('kind', 'mismatch'); end if;
    -- Another payment is on its way to confirm this reservation; a second one would only be refunded.
    if v_reservation.paid_in_time_at is not null and v_known.reference is null then return jsonb_build_object('kind', 'confirmed'); end if;
  end if;

  if v_known.reference is null then
    insert into payments (reference, reservation_id, amount, currency, source)
      values (p_reference, p_reservation, p_amount, p_currency, p_source) on conflict do nothing;
    if found then
      insert into inbox (reservation_id, kind, reference, actor) values (p_reservation, 'payment', p_reference, p_actor) returning id into v_inbox;
      if p_test_provider then
        insert into test_provider.charges (reference, amount, currency) values (p_reference, p_amount, p_currency) on conflict do nothing;
      end if;
      if v_exists then
        if v_matches and v_status = 'held' and v_reservation.paid_in_time_at is null then
          update reservations set paid_in_time_at = clock_timestamp() where id = p_reservation;
          perform change_claims('pin', p_reservation);
        end if;
        insert into history (reservation_id, type, actor, data) values (p_reservation, 'payment.received', p_actor,
          jsonb_build_object('reference', p_reference, 'amount', p_amount, 'currency', p_currency));
        insert into outbox (kind, subject) values ('ring', p_reservation);
      end if;
      return jsonb_build_object('kind', 'recorded', 'inboxId', v_inbox);
    end if;
    select * into v_known from payments where reference = p_reference;
    if p_strict and (v_known.reservation_id <> p_reservation or v_known.amount <> p_amount or v_known.currency <> p_currency)
      then return jsonb_build_object('kind', 'mismatch'); end if;
  end if;

  select id into v_inbox from inbox where reference = p_reference and kind = 'payment';
  return jsonb_build_object('kind', 'known', 'inboxId', v_inbox);
end $$;
