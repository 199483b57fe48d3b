-- Takes all the seats for a reservation, or none. One round trip, one transaction.
--
-- First, a read without locks decides as much as possible: a known key is replayed, and a request
-- that cannot win delays nobody. It is one statement, so it sees key and seats at the same moment.
-- Then one statement locks the seats and writes the reservation with everything that belongs to it.
-- It writes nothing when a seat is taken or the key was used meanwhile; the next read finds out
-- which.
--
-- Lock order: buyer (advisory), seats by id, then the reservation's key. Taking over an expired
-- hold changes that reservation's allocations (they belong to the locked seats), never its row.
-- Times are read from the database's clock, after the lock.
--
-- A sale ends with the start of its event at the latest, and no hold outlasts it.
--
-- The plan must be good for every event, even a new one without statistics. Therefore each seat is
-- looked up by its label (`offset 0` prevents another plan).
--
-- Returns {kind: held | replayed | reused | unknown_event | sale_not_open | limit | unknown_seats |
-- taken | too_many_holds}.
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

  -- Another attempt is only needed when another buyer was faster. Ten of them only occur when the
  -- same seats change hands constantly.
  for attempt in 1..10 loop
    select e.id as event_id, e.currency, e.sales_open_at, e.starts_at, least(e.sales_close_at, e.starts_at) as sales_close_at, e.hold_ttl_seconds, e.hold_cap_seconds,
           e.max_seats_per_reservation, exists (select from reservations where id = p_id) as key_is_known, s.*
      into v_look
      from events e, lateral (
        select array_agg(id) as ids, array_agg(price) as prices, sum(price)::bigint as total, array_agg(label) as labels,
               array_agg(label) filter (where not seat_is_free(status, hold_ends_at)) as taken,
               bool_or(status = 'held') as overdue,
               jsonb_agg(seat_document(label, category_code, price, e.currency)) as shown
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
      -- Only requests of the same buyer wait for each other here.
      perform pg_advisory_xact_lock(1, hashtext(encode(p_buyer_key, 'hex')));
      if (select count(*) from (select from reservations r
            where r.buyer_key = p_buyer_key and r.status = 'held'
              and (r.hold_ends_at > clock_timestamp() or r.paid_in_time_at is not null) limit p_buyer_cap) open) >= p_buyer_cap then
        return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'too_many_holds', 'limit', p_buyer_cap));
      end if;
    end if;

    if v_look.overdue then
      -- Expired holds release their seats first. (`filter`, because a `where` would be evaluated
      -- before the lock.)
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
             at, least(at + v_ttl, v_look.starts_at),
             least(at + greatest(v_ttl, coalesce(make_interval(secs => v_look.hold_cap_seconds), 3 * v_ttl)), v_look.starts_at)
        from moment where free and at < v_look.sales_close_at
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
      select p_id, created_at, 'reservation.held', p_actor, jsonb_build_object('seats', to_jsonb(p_labels), 'expiresAt', rfc3339(hold_ends_at))
        from made)
    select created_at, hold_ends_at into v_made from made;
    if found then
      return jsonb_build_object('kind', 'held', 'reservation', reservation_document(
        p_id, p_client, 'held', v_slug, v_look.shown, v_look.total, v_look.currency,
        p_buyer_name, p_buyer_email, v_made.hold_ends_at, v_made.created_at, null));
    end if;
  end loop;
  return jsonb_build_object('kind', 'taken', 'seats', to_jsonb(v_look.labels));
end $$;
