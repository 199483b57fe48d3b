-- Records proven payments of different reservations, each as `record_payment_for` does, and commits them
-- together. Of each payment it says that it is recorded, or nothing: then `record_payment_for` decides, which
-- knows every other case. The payments recorded here are plain: the first news of a reference, of the right
-- amount, for a running hold without a code and without another payment.
--
-- The function waits for no lock: a payment whose reservation, reference or seat another transaction has locked
-- is left out. So the order of the locks does not matter, and a slow transaction delays its own payment alone.
-- All conditions are checked in a statement that begins after the advisory locks.
--
-- p_references … p_currencies: of each payment. p_captured_by: see `record_payment_for`.
-- Returns the numbers, from 1, of the payments that are recorded.
create or replace function record_payment_batch(
  p_references text[], p_reservations text[], p_amounts bigint[], p_currencies text[], p_source text, p_actor text,
  p_captured_by text
) returns setof integer language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_ready integer[];
  v_ids text[];
  v_seats bigint[];
  v_won integer[];
  v_at timestamptz;
begin
  v_ready := array(
    select n from unnest(p_references, p_reservations) with ordinality asked (reference, reservation, n)
     where array_position(p_references, reference) = n and array_position(p_reservations, reservation) = n
       and pg_try_advisory_xact_lock(2, hashtext(reservation))
       and pg_try_advisory_xact_lock(hashtextextended('payment:' || reference, 0)));
  v_ids := array(select p_reservations[n] from unnest(v_ready) n);

  with claimed as materialized (
    select reservation_id, seat_id from allocations where reservation_id = any (v_ids) and until_revision is null),
  seat as materialized (
    select id, reservation_id from seats where id = any (array(select seat_id from claimed))
     order by id for update skip locked),
  hold as materialized (
    select * from reservations where id = any (v_ids) order by id for update skip locked),
  moment as materialized (
    -- After the locks.
    select clock_timestamp() as at from (select count(*) from seat) s, (select count(*) from hold) h),
  won as materialized (
    select n, hold.id, at from unnest(v_ready) n join hold on hold.id = p_reservations[n] cross join moment
     where status = 'held' and paid_in_time_at is null and hold_ends_at > at and code_id is null
       and total = p_amounts[n] and currency = p_currencies[n]
       and not exists (select from claimed where claimed.reservation_id = hold.id
                          and not exists (select from seat
                                           where seat.id = claimed.seat_id and seat.reservation_id = hold.id))
       and not exists (select from payments where reference = p_references[n])
       and not exists (select from early_events where payment_references @> array[p_references[n]])
       and not exists (select from notes where reference = p_references[n] and closed_at is null))
  select array_agg(n order by n), array_agg(id order by n), min(at),
         array(select seat_id from claimed where reservation_id in (select id from won))
    into v_won, v_ids, v_at, v_seats from won;
  if v_won is null then return; end if;

  insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by)
    select p_references[n], p_reservations[n], p_amounts[n], p_currencies[n], p_source, p_source, p_captured_by
      from unnest(v_won) n;
  insert into inbox (reservation_id, kind, reference, actor)
    select p_reservations[n], 'payment', p_references[n], p_actor from unnest(v_won) n;
  if p_captured_by = 'test' then
    insert into test_provider.charges (reference, amount, currency)
      select p_references[n], p_amounts[n], p_currencies[n] from unnest(v_won) n
      on conflict (reference) do update set amount = excluded.amount, currency = excluded.currency;
  end if;
  update reservations set paid_in_time_at = v_at where id = any (v_ids);
  update seats set hold_ends_at = 'infinity' where id = any (v_seats);
  insert into history (reservation_id, type, actor, data)
    select p_reservations[n], 'payment.received', p_actor,
           jsonb_build_object('reference', p_references[n], 'amount', p_amounts[n], 'currency', p_currencies[n])
      from unnest(v_won) n;
  insert into outbox (kind, subject) select 'ring', id from unnest(v_ids) id;
  return query select unnest(v_won);
end $$;
