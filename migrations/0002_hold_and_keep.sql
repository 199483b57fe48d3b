-- Up Migration

-- Takes seats: all of them for this reservation, or none. One round trip, one transaction.
--
-- Lock order: buyer (advisory), seats by id, then the reservation's key. The key is inserted last, when the seats are
-- sure, so a refusal has nothing to undo and leaves the key unused; whoever loses the insert reads the winner in a new
-- statement. A taker of an expired hold writes the loser's allocations (they belong to the locked seats), never its
-- reservation. Time is the database's, read after the lock.
--
-- Returns {kind: held | replayed | reused | unknown_event | sale_not_open | limit | unknown_seats | taken | too_many_holds}.
create function hold_seats(
  p_id text, p_client text, p_fingerprint bytea, p_event text, p_labels text[],
  p_buyer_name text, p_buyer_email text, p_buyer_key bytea,
  p_default_ttl integer, p_buyer_cap integer, p_actor text
) returns jsonb language plpgsql as $$
declare
  v_event events;
  v_ids bigint[];
  v_prices bigint[];
  v_known text[];
  v_taken text[];
  v_overdue boolean;
  v_mine boolean;
  v_now timestamptz;
  v_ttl integer;
  v_refusal jsonb;
  v_replay jsonb;
begin
  v_replay := replay_of(p_id, p_client, p_fingerprint);
  if v_replay is not null then return v_replay; end if;

  <<attempt>>
  begin
    select * into v_event from events where slug = p_event;
    if not found and p_event ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      select * into v_event from events where id = p_event::uuid;
    end if;
    if v_event.id is null then
      v_refusal := jsonb_build_object('kind', 'unknown_event');
      exit attempt;
    end if;

    v_now := clock_timestamp();
    if v_now < v_event.sales_open_at or v_now >= v_event.sales_close_at then
      v_refusal := jsonb_build_object('kind', 'sale_not_open', 'opensAt', rfc3339(v_event.sales_open_at), 'closesAt', rfc3339(v_event.sales_close_at));
      exit attempt;
    end if;
    if cardinality(p_labels) > v_event.max_seats_per_reservation then
      v_refusal := jsonb_build_object('kind', 'limit', 'limit', v_event.max_seats_per_reservation);
      exit attempt;
    end if;

    -- A plain read first: a request that cannot win costs no lock.
    select array_agg(s.id order by s.id), array_agg(c.price order by s.id), array_agg(s.label),
           array_agg(s.label order by s.id) filter (where not seat_is_free(s.status, s.hold_ends_at)),
           bool_or(s.reservation_id = p_id)
      into v_ids, v_prices, v_known, v_taken, v_mine
      from seats s join price_categories c on c.event_id = s.event_id and c.code = s.category_code
     where s.event_id = v_event.id and s.label = any (p_labels);
    if coalesce(cardinality(v_ids), 0) <> cardinality(p_labels) then
      v_refusal := jsonb_build_object('kind', 'unknown_seats', 'seats',
        (select jsonb_agg(l) from unnest(p_labels) l where l <> all (coalesce(v_known, '{}'))));
      exit attempt;
    end if;
    if v_taken is not null then
      v_refusal := jsonb_build_object('kind', 'taken', 'seats', to_jsonb(v_taken));
      exit attempt;
    end if;

    if p_buyer_cap is not null and p_buyer_key is not null then
      -- Only this buyer's own requests wait for each other here.
      perform pg_advisory_xact_lock(1, hashtext(encode(p_buyer_key, 'hex')));
      if (select count(*) from (select from reservations r
            where r.buyer_key = p_buyer_key and r.status = 'held'
              and (r.hold_ends_at > clock_timestamp() or r.paid_in_time_at is not null) limit p_buyer_cap) open) >= p_buyer_cap then
        v_refusal := jsonb_build_object('kind', 'too_many_holds', 'limit', p_buyer_cap);
        exit attempt;
      end if;
    end if;

    select array_agg(l.label order by l.id) filter (where not seat_is_free(l.status, l.hold_ends_at)), bool_or(l.status = 'held')
      into v_taken, v_overdue
      from (select id, label, status, hold_ends_at from seats where id = any (v_ids) order by id for update) l;
    if v_taken is not null then
      v_refusal := jsonb_build_object('kind', 'taken', 'seats', to_jsonb(v_taken));
      exit attempt;
    end if;

    v_now := clock_timestamp();
    v_ttl := coalesce(v_event.hold_ttl_seconds, p_default_ttl);
    insert into reservations (id, event_id, client, fingerprint, buyer_name, buyer_email, buyer_key, total, currency,
                              created_at, hold_ends_at, hold_cap_at)
    values (p_id, v_event.id, p_client, p_fingerprint, p_buyer_name, p_buyer_email, p_buyer_key,
            (select sum(price) from unnest(v_prices) price), v_event.currency,
            v_now, v_now + make_interval(secs => v_ttl),
            v_now + make_interval(secs => greatest(v_ttl, coalesce(v_event.hold_cap_seconds, 3 * v_ttl))))
    on conflict (id) do nothing;
    if not found then exit attempt; end if;

    if v_overdue then
      update allocations set released_at = v_now where seat_id = any (v_ids) and released_at is null;
    end if;
    insert into allocations (reservation_id, seat_id, price)
      select p_id, seat_id, price from unnest(v_ids, v_prices) as held (seat_id, price);
    update seats set status = 'held', reservation_id = p_id, hold_ends_at = v_now + make_interval(secs => v_ttl)
      where id = any (v_ids);
    insert into outbox (kind, subject) values ('start', p_id);
    insert into history (reservation_id, at, type, actor, data) values (p_id, v_now, 'held', p_actor,
      jsonb_build_object('seats', to_jsonb(p_labels), 'expiresAt', rfc3339(v_now + make_interval(secs => v_ttl))));
    return jsonb_build_object('kind', 'held', 'reservation', reservation_json(p_id));
  end;

  -- Refused, or another request with this key was quicker: if the key is known by now, that is the answer.
  return coalesce(replay_of(p_id, p_client, p_fingerprint), v_refusal);
end $$;

-- What a key answers that is known already: its reservation to the one who made it, and nothing at all to others.
create function replay_of(p_id text, p_client text, p_fingerprint bytea) returns jsonb language plpgsql as $$
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

-- Keeps a payment that somebody told us of: once per reference, with the inbox row that the actor will handle and the
-- ring that wakes it. If it is the right amount for a hold that has not ended, it pins the hold in the same transaction:
-- paid in time is in time, however late the actor comes.
--
-- p_strict (a client's confirm): what cannot confirm is refused and leaves no trace.
-- Lock order: seats by id, then the reservation.
-- Returns {kind: kept | known | unknown | cancelled | expired | confirmed | mismatch, inboxId?}.
create function keep_payment(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_actor text,
  p_strict boolean, p_test_provider boolean
) returns jsonb language plpgsql as $$
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
    perform from seats where id in (select seat_id from allocations where reservation_id = p_reservation) order by id for update;
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
          update seats set hold_ends_at = 'infinity'
            where id in (select seat_id from allocations where reservation_id = p_reservation) and reservation_id = p_reservation and status = 'held';
        end if;
        insert into history (reservation_id, type, actor, data) values (p_reservation, 'payment_received', p_actor,
          jsonb_build_object('reference', p_reference, 'amount', p_amount, 'currency', p_currency));
        insert into outbox (kind, subject) values ('ring', p_reservation);
      end if;
      return jsonb_build_object('kind', 'kept', 'inboxId', v_inbox);
    end if;
    select * into v_known from payments where reference = p_reference;
    if p_strict and (v_known.reservation_id <> p_reservation or v_known.amount <> p_amount or v_known.currency <> p_currency)
      then return jsonb_build_object('kind', 'mismatch'); end if;
  end if;

  select id into v_inbox from inbox where reference = p_reference and kind = 'payment';
  return jsonb_build_object('kind', 'known', 'inboxId', v_inbox);
end $$;

-- Keeps a wish to cancel. Returns {kind: kept | unknown | cancelled | expired, inboxId?}.
create function keep_cancel(p_reservation text, p_actor text) returns jsonb language plpgsql as $$
declare
  v_reservation reservations;
  v_status text;
  v_inbox bigint;
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  perform from seats where id in (select seat_id from allocations where reservation_id = p_reservation) order by id for update;
  select * into v_reservation from reservations where id = p_reservation for update;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  if v_status in ('cancelled', 'expired') then return jsonb_build_object('kind', v_status); end if;

  select id into v_inbox from inbox where reservation_id = p_reservation and kind = 'cancel' and handled_at is null;
  if v_inbox is null then
    insert into inbox (reservation_id, kind, actor) values (p_reservation, 'cancel', p_actor) returning id into v_inbox;
    insert into history (reservation_id, type, actor) values (p_reservation, 'cancel_requested', p_actor);
    insert into outbox (kind, subject) values ('ring', p_reservation);
  end if;
  return jsonb_build_object('kind', 'kept', 'inboxId', v_inbox);
end $$;

-- Moves the hold's end to a TTL from now, at most to its cap. Commits here; the actor's timer asks the database when it
-- fires. Returns {kind: extended | unknown | cancelled | expired | confirmed | limit}.
create function extend_hold(p_reservation text, p_default_ttl integer, p_actor text) returns jsonb language plpgsql as $$
declare
  v_reservation reservations;
  v_status text;
  v_ends timestamptz;
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  perform from seats where id in (select seat_id from allocations where reservation_id = p_reservation) order by id for update;
  select * into v_reservation from reservations where id = p_reservation for update;
  v_status := status_now(v_reservation.status, v_reservation.hold_ends_at, v_reservation.paid_in_time_at);
  if v_status <> 'held' then return jsonb_build_object('kind', v_status); end if;
  if v_reservation.hold_ends_at >= v_reservation.hold_cap_at then return jsonb_build_object('kind', 'limit'); end if;

  select least(clock_timestamp() + make_interval(secs => coalesce(hold_ttl_seconds, p_default_ttl)), v_reservation.hold_cap_at)
    into v_ends from events where id = v_reservation.event_id;
  -- Never shorter than it was: HOLD_TTL_SECONDS may have been lowered since.
  v_ends := greatest(v_ends, v_reservation.hold_ends_at);
  update reservations set hold_ends_at = v_ends where id = p_reservation;
  update seats set hold_ends_at = v_ends
    where id in (select seat_id from allocations where reservation_id = p_reservation)
      and reservation_id = p_reservation and status = 'held' and hold_ends_at <> 'infinity';
  insert into history (reservation_id, type, actor, data)
    values (p_reservation, 'extended', p_actor, jsonb_build_object('expiresAt', rfc3339(v_ends)));
  insert into outbox (kind, subject) values ('ring', p_reservation);
  return jsonb_build_object('kind', 'extended');
end $$;
