-- Up Migration

-- The four functions of 0002 once more, for speed: they do what they did. Planning anew at each call cost a third of a
-- hold, and a plan that was made while a table was small must still be good when it is large. So their plans are generic
-- (made once for each connection), by index alone, and each finds its seats by their ids or labels.

-- Takes seats: all of them for this reservation, or none. One round trip, one transaction.
--
-- First a read without any lock decides all that it can: a known key is replayed, and a buyer who cannot win costs
-- nobody anything. It is one statement, so key and seats are of one moment. Then one statement locks the seats, writes
-- the key and all that goes with it; it writes nothing when a seat is gone or the key was used meanwhile, and the next
-- read finds out which.
--
-- Lock order: buyer (advisory), seats by id, then the reservation's key. A taker of an expired hold writes the loser's
-- allocations (they belong to the locked seats), never its reservation. Time is the database's, read after the lock.
--
-- So that the plan holds for every event, also one that is too young to have statistics, each seat is looked up by its
-- label (`offset 0` keeps that lookup as it is).
--
-- Returns {kind: held | replayed | reused | unknown_event | sale_not_open | limit | unknown_seats | taken | too_many_holds}.
create or replace function hold_seats(
  p_id text, p_client text, p_fingerprint bytea, p_event text, p_labels text[],
  p_buyer_name text, p_buyer_email text, p_buyer_key bytea,
  p_default_ttl integer, p_buyer_cap integer, p_actor text
) returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_slug text := p_event;
  v_look record;
  v_made record;
  v_ttl interval;
  v_taken text[];
begin
  if p_event ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and not exists (select from events where slug = p_event) then
    v_slug := (select slug from events where id = p_event::uuid);
  end if;

  -- A second look is needed when another was quicker; ten of them only where seats change hands all the time.
  for attempt in 1..10 loop
    select e.id as event_id, e.currency, e.sales_open_at, e.sales_close_at, e.hold_ttl_seconds, e.hold_cap_seconds,
           e.max_seats_per_reservation, exists (select from reservations where id = p_id) as key_is_known, s.*
      into v_look
      from events e, lateral (
        select array_agg(id) as ids, array_agg(price) as prices, sum(price)::bigint as total, array_agg(label) as labels,
               array_agg(label) filter (where not seat_is_free(status, hold_ends_at)) as taken,
               bool_or(status = 'held') as overdue,
               jsonb_agg(jsonb_build_object('label', label, 'category', category_code,
                 'price', jsonb_build_object('amount', price, 'currency', e.currency))) as shown
          from (select seat.id, seat.label, seat.category_code, seat.status, seat.hold_ends_at, category.price
                  from (select distinct unnest(p_labels) as label) wanted
                  join lateral (select * from seats where event_id = e.id and label = wanted.label offset 0) seat on true
                  join lateral (select price from price_categories c
                                 where c.event_id = e.id and c.code = seat.category_code offset 0) category on true
                 order by seat.id) wanted) s
     where e.slug = v_slug;
    if not found then
      return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'unknown_event'));
    end if;
    if v_look.key_is_known then return replay_of(p_id, p_client, p_fingerprint); end if;
    if clock_timestamp() < v_look.sales_open_at or clock_timestamp() >= v_look.sales_close_at then
      return jsonb_build_object('kind', 'sale_not_open',
        'opensAt', rfc3339(v_look.sales_open_at), 'closesAt', rfc3339(v_look.sales_close_at));
    end if;
    if cardinality(p_labels) > v_look.max_seats_per_reservation then
      return jsonb_build_object('kind', 'limit', 'limit', v_look.max_seats_per_reservation);
    end if;
    if coalesce(cardinality(v_look.ids), 0) <> cardinality(p_labels) then
      return jsonb_build_object('kind', 'unknown_seats', 'seats',
        (select jsonb_agg(l) from unnest(p_labels) l where l <> all (coalesce(v_look.labels, '{}'))));
    end if;
    if v_look.taken is not null then return jsonb_build_object('kind', 'taken', 'seats', to_jsonb(v_look.taken)); end if;

    if attempt = 1 and p_buyer_cap is not null and p_buyer_key is not null then
      -- Only this buyer's own requests wait for each other here.
      perform pg_advisory_xact_lock(1, hashtext(encode(p_buyer_key, 'hex')));
      if (select count(*) from (select from reservations r
            where r.buyer_key = p_buyer_key and r.status = 'held'
              and (r.hold_ends_at > clock_timestamp() or r.paid_in_time_at is not null) limit p_buyer_cap) open) >= p_buyer_cap then
        return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'too_many_holds', 'limit', p_buyer_cap));
      end if;
    end if;

    if v_look.overdue then
      -- Holds past their end give their seats back first. (`filter`, because a `where` would be tried before the lock.)
      select array_agg(label) filter (where not seat_is_free(status, hold_ends_at)) into v_taken
        from (select label, status, hold_ends_at from seats where id = any (v_look.ids) order by id for update) seat;
      continue when v_taken is not null;
      update allocations set released_at = clock_timestamp() where seat_id = any (v_look.ids) and released_at is null;
      update seats set status = 'available', reservation_id = null, hold_ends_at = null
       where id = any (v_look.ids) and status = 'held';
    end if;

    v_ttl := make_interval(secs => coalesce(v_look.hold_ttl_seconds, p_default_ttl));
    with locked as materialized (
      select status from seats where id = any (v_look.ids) order by id for update),
    moment as materialized (
      select clock_timestamp() as at, bool_and(status = 'available') as free from locked),
    made as (
      insert into reservations (id, event_id, client, fingerprint, buyer_name, buyer_email, buyer_key, total, currency,
                                created_at, hold_ends_at, hold_cap_at)
      select p_id, v_look.event_id, p_client, p_fingerprint, p_buyer_name, p_buyer_email, p_buyer_key, v_look.total, v_look.currency,
             at, at + v_ttl, at + greatest(v_ttl, coalesce(make_interval(secs => v_look.hold_cap_seconds), 3 * v_ttl))
        from moment where free
      on conflict (id) do nothing
      returning created_at, hold_ends_at),
    allocated as (
      insert into allocations (reservation_id, seat_id, price)
      select p_id, seat_id, price from made, unnest(v_look.ids, v_look.prices) as held (seat_id, price)),
    owned as (
      update seats set status = 'held', reservation_id = p_id, hold_ends_at = made.hold_ends_at
        from made where id = any (v_look.ids)),
    announced as (
      insert into outbox (kind, subject) select 'start', p_id from made),
    remembered as (
      insert into history (reservation_id, at, type, actor, data)
      select p_id, created_at, 'held', p_actor, jsonb_build_object('seats', to_jsonb(p_labels), 'expiresAt', rfc3339(hold_ends_at))
        from made)
    select rfc3339(created_at) as created_at, rfc3339(hold_ends_at) as expires_at into v_made from made;
    if found then
      -- As `reservation_json` shows it, from what is known already.
      return jsonb_build_object('kind', 'held', 'reservation', jsonb_build_object(
        'id', p_id, 'client', p_client, 'status', 'held', 'event', v_slug, 'seats', v_look.shown,
        'total', jsonb_build_object('amount', v_look.total, 'currency', v_look.currency),
        'buyer', case when p_buyer_name is null then null else jsonb_build_object('name', p_buyer_name, 'email', p_buyer_email) end,
        'expiresAt', v_made.expires_at, 'createdAt', v_made.created_at, 'payment', null));
    end if;
  end loop;
  return jsonb_build_object('kind', 'taken', 'seats', to_jsonb(v_look.labels));
end $$;

-- Which of several requests cannot win at this moment, because a seat is gone, and nothing else is to be said of them:
-- one round trip for a whole crowd. It refuses just what `hold_seats` would refuse as `taken`; whatever it does not name
-- is for `hold_seats` to decide. One statement, so each request's key and seats are of one moment.
create function plainly_gone(p_ids text[], p_events text[], p_labels jsonb[])
returns table (request integer, taken text[]) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return query
    select asked.n::integer, seen.taken
      from unnest(p_ids, p_events, p_labels) with ordinality asked (id, event, labels, n)
      join lateral (select * from events where slug = asked.event offset 0) e on true
      join lateral (
        select count(*) as wanted, count(seat.id) as known,
               array_agg(seat.label order by seat.id) filter (where not seat_is_free(seat.status, seat.hold_ends_at)) as taken
          from jsonb_array_elements_text(asked.labels) wanted (label)
          left join lateral (select * from seats where event_id = e.id and label = wanted.label offset 0) seat on true) seen on true
     where seen.taken is not null and seen.known = seen.wanted and seen.wanted <= e.max_seats_per_reservation
       and coalesce(clock_timestamp() >= e.sales_open_at, true) and coalesce(clock_timestamp() < e.sales_close_at, true)
       and not exists (select from reservations where id = asked.id);
end $$;

-- Keeps a payment that somebody told us of: once per reference, with the inbox row that the actor will handle and the
-- ring that wakes it. If it is the right amount for a hold that has not ended, it pins the hold in the same transaction:
-- paid in time is in time, however late the actor comes.
--
-- p_strict (a client's confirm): what cannot confirm is refused and leaves no trace.
-- Lock order: seats by id, then the reservation.
-- Returns {kind: kept | known | unknown | cancelled | expired | confirmed | mismatch, inboxId?}.
create or replace function keep_payment(
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
  v_seats bigint[];
begin
  -- Looked at before the seats are locked: a hold that commits in between would show its reservation without its seats.
  -- It counts as not there yet; its actor looks into the inbox first thing.
  v_exists := exists (select from reservations where id = p_reservation);
  if v_exists then
    v_seats := array(select seat_id from allocations where reservation_id = p_reservation);
    perform from seats where id = any (v_seats) order by id for update;
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
            where id = any (v_seats) and reservation_id = p_reservation and status = 'held';
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
create or replace function keep_cancel(p_reservation text, p_actor text)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_status text;
  v_inbox bigint;
  v_seats bigint[];
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  v_seats := array(select seat_id from allocations where reservation_id = p_reservation);
  perform from seats where id = any (v_seats) order by id for update;
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
create or replace function extend_hold(p_reservation text, p_default_ttl integer, p_actor text)
returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_status text;
  v_ends timestamptz;
  v_seats bigint[];
begin
  if not exists (select from reservations where id = p_reservation) then return jsonb_build_object('kind', 'unknown'); end if;
  v_seats := array(select seat_id from allocations where reservation_id = p_reservation);
  perform from seats where id = any (v_seats) order by id for update;
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
    where id = any (v_seats)
      and reservation_id = p_reservation and status = 'held' and hold_ends_at <> 'infinity';
  insert into history (reservation_id, type, actor, data)
    values (p_reservation, 'extended', p_actor, jsonb_build_object('expiresAt', rfc3339(v_ends)));
  insert into outbox (kind, subject) values ('ring', p_reservation);
  return jsonb_build_object('kind', 'extended');
end $$;
