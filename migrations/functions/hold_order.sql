-- Takes all the seats of an order, of one event or of several, or none. One round trip, one transaction.
--
-- First, a read without locks decides as much as possible: a known key is replayed, and a request that cannot win
-- delays nobody. It is one statement, so it sees key and seats at the same moment. The text of a refusal comes from this
-- read too: an operator may edit the event before the next statement. Then one statement locks the seats and writes the
-- reservation with everything that belongs to it. It writes nothing when a seat is taken or the key was used meanwhile;
-- the next read finds out which.
--
-- Lock order: buyer (advisory), code, code's use, seats by id, then the reservation's key. Taking over an expired hold changes
-- that reservation's allocations (they belong to the locked seats), never its row. Times are read from the database's
-- clock, after the lock. Windows and limits are each event's; the hold lasts as the shortest of them says. A sale ends
-- with the start of its event at the latest, and no hold outlasts the first start.
--
-- p_events: slugs or ids, each event once, in the order of the lines; a seat is p_labels[i] of p_events[p_event_of[i]].
-- p_more: null, or {types, prices, discounts (each as long as p_labels), revisions (of the events), fees, taxes, code:
-- {id, revision}, holdSeconds, longHolds, reference, metadata, allotments (as long as p_labels, null for none), operator
-- (whether one calls), avoidOrphans (whether the seats were chosen for the buyer, so that others may be chosen)}. Without prices a seat costs what its category does; of an event with rules of its own
-- (events.pricing) the caller has to price the order first, and names the revisions of the rules that it used.
--
-- A seat in an allotment that has not ended is free only for a line that names the allotment, by the client whose it is
-- or by an operator. Naming one demands nothing: it also takes seats of the open sale.
--
-- Orphans: where an event forbids them, or prefers none and the seats were chosen for the buyer, `orphans_left_by` locks
-- the seats beside these too, in the same order, and judges. Without such a rule nothing more is locked.
--
-- The plan must be good for every event, even a new one without statistics. Therefore each seat is looked up by its
-- label (`offset 0` prevents another plan).
--
-- Returns {kind: held | replayed | reused | unknown_event | sale_not_open | sale_paused | limit | hold_too_long |
-- unknown_seats | mixed_currencies | unknown_allotment | code_invalid | code_used_up | companion_alone | taken | orphan |
-- to_be_priced | stale | buyer_required | too_many_holds}.
create or replace function hold_order(
  p_id text, p_client text, p_fingerprint bytea, p_events text[], p_event_of integer[], p_labels text[],
  p_buyer_name text, p_buyer_email text, p_buyer_key bytea,
  p_default_ttl integer, p_buyer_cap integer, p_actor text, p_more jsonb
) returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_slugs text[] := p_events;
  v_types text[];
  v_prices bigint[];
  v_discounts bigint[];
  v_allotments uuid[];
  v_operator constant boolean := p_client is null or coalesce(p_more -> 'operator' = 'true', false);
  v_unknown jsonb;
  v_orphans bigint[];
  v_code codes;
  v_use integer;
  v_look record;
  v_made reservations;
  v_ttl interval;
  v_total bigint;
  v_exceeded jsonb;
  v_taken bigint[];
begin
  if exists (select from unnest(p_events) name where name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
    v_slugs := array(select coalesce((select slug from events where id = event_id_of(name)), name)
      from unnest(p_events) with ordinality asked (name, n) order by n);
  end if;
  if p_more is not null then
    v_types := jsonb_texts(p_more -> 'types');
    v_prices := jsonb_texts(p_more -> 'prices')::bigint[];
    v_discounts := jsonb_texts(p_more -> 'discounts')::bigint[];
    -- Without this a seat whose price was not computed would cost what its category does.
    if array_position(v_prices, null) is not null then raise exception 'a seat of % has no price', p_id; end if;
    v_allotments := jsonb_texts(p_more -> 'allotments')::uuid[];
    if p_more -> 'code' <> 'null' then select * into v_code from codes where id = (p_more #>> '{code,id}')::uuid; end if;
  end if;

  -- Another attempt is only needed when another buyer was faster. Ten of them only occur when the
  -- same seats change hands constantly.
  for attempt in 1..10 loop
    with event as materialized (
      select asked.n, e.*, least(e.sales_close_at, e.starts_at) as closes,
             -- A code opens the sale of its event and categories, and of no other seat of the order.
             case when e.sales_open_at is not null and (v_code.event_id is null or v_code.event_id = e.id)
                       and (v_code.categories is null or not exists (
                             select from unnest(p_event_of, p_labels) w (of, label)
                               join seats s on s.event_id = e.id and s.label = w.label
                              where w.of = asked.n and s.category_code <> all (v_code.categories)))
               then least(e.sales_open_at, v_code.sales_open_at) else e.sales_open_at end as opens,
             make_interval(secs => coalesce(e.hold_ttl_seconds, p_default_ttl)) as ttl
        from unnest(v_slugs) with ordinality asked (slug, n)
        join lateral (select * from events where slug = asked.slug offset 0) e on true),
    wanted as materialized (
      select seat.id, seat.label, seat.status, seat.hold_ends_at, seat.active and category.active as active, event.n, event.slug, event.currency, seat.category_code,
             coalesce(asked.type, 'standard') as type, coalesce(asked.price, category.price) as price, coalesce(asked.discount, 0) as discount,
             seat.allotment_id, seat.allotment_until, asked.allotment, seat.number, seat.accessible, seat.companion, event.orphan_rule
        from unnest(p_event_of, p_labels, v_types, v_prices, v_discounts, v_allotments) asked (event_of, label, type, price, discount, allotment)
        join event on event.n = asked.event_of
        join lateral (select * from seats where event_id = event.id and label = asked.label offset 0) seat on true
        join lateral (select price, active from price_categories c
                       where c.event_id = event.id and c.code = seat.category_code offset 0) category on true
       order by seat.id)
    select exists (select from reservations where id = p_id) as key_is_known, e.*, s.* into v_look
      from (
        select count(*) as events, array_agg(slug) as slugs, array_agg(id order by n) as event_ids,
               min(currency) as currency, min(currency) <> max(currency) as mixed, min(closes) as closes,
               (array_agg(jsonb_build_object('kind', 'sale_not_open', 'event', slug,
                                             'opensAt', rfc3339(sales_open_at), 'closesAt', rfc3339(closes)) order by n)
                 filter (where coalesce(clock_timestamp() < opens, false) or clock_timestamp() >= closes))[1] as closed,
               (array_agg(jsonb_build_object('kind', 'sale_paused', 'event', slug) order by n)
                 filter (where sales_paused))[1] as paused,
               (array_agg(jsonb_build_object('kind', 'limit', 'event', slug,
                                             'limit', max_seats_per_reservation) order by n)
                 filter (where max_seats_per_reservation
                               < (select count(*) from unnest(p_event_of) of where of = n)))[1] as over_limit,
               bool_or(pricing is not null) as priced, bool_or(max_seats_per_buyer is not null) as buyer_limit,
               array_agg(revision order by n) as revisions, min(ttl) as ttl, min(starts_at) as starts_at,
               min(greatest(ttl, coalesce(make_interval(secs => hold_cap_seconds), 3 * ttl))) as cap
          from event) e,
        (select array_agg(id) as ids, array_agg(price) as prices, array_agg(discount) as discounts, array_agg(type) as types,
                sum(price)::bigint as tickets, sum(discount)::bigint as discount,
                array_agg(id) filter (where not active or not seat_is_free_for(allotment, status, hold_ends_at, allotment_id, allotment_until)) as taken,
                array_agg(case when allotment_until > clock_timestamp() then allotment_id end) as allotments,
                bool_or(status = 'held') as overdue,
                -- A bit of each event.
                coalesce(bit_or(1 << n::integer) filter (where companion), 0) as companions,
                coalesce(bit_or(1 << n::integer) filter (where accessible), 0) as accessibles,
                array_agg(id) filter (where number is not null
                  and (orphan_rule = 'forbid' or orphan_rule = 'prefer' and p_more -> 'avoidOrphans' = 'true')) as judged,
                jsonb_agg(order_seat_document(slug, label, category_code, type, price, discount, currency) order by n, id) as shown,
                case when cardinality(v_slugs) = 1 then to_jsonb(array_agg(label order by id))
                     else jsonb_agg(jsonb_build_object('event', slug, 'label', label) order by n, id) end as named
           from wanted) s;

    if v_look.key_is_known then return replay_of(p_id, p_client, p_fingerprint); end if;
    if v_look.events < cardinality(v_slugs) then
      return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'unknown_event',
        'event', (select slug from unnest(v_slugs) slug where slug <> all (coalesce(v_look.slugs, '{}')) limit 1)));
    end if;
    if v_look.closed is not null then return v_look.closed; end if;
    if v_look.paused is not null then return v_look.paused; end if;
    if v_look.over_limit is not null then return v_look.over_limit; end if;
    if coalesce(cardinality(v_look.ids), 0) <> cardinality(p_labels) then
      v_unknown := (
        select jsonb_agg(jsonb_build_object('event', e.slug, 'label', asked.label))
          from unnest(p_event_of, p_labels) asked (event_of, label) join events e on e.slug = v_slugs[asked.event_of]
         where not exists (select from seats where event_id = e.id and label = asked.label));
      -- Seats may have been added since the look.
      continue when v_unknown is null;
      return jsonb_build_object('kind', 'unknown_seats', 'seats', v_unknown);
    end if;
    if v_look.mixed then return jsonb_build_object('kind', 'mixed_currencies'); end if;
    if v_allotments is not null then
      v_unknown := unknown_allotment(p_client, v_operator, v_look.event_ids, p_event_of, v_allotments);
      if v_unknown is not null then return v_unknown || '{"kind": "unknown_allotment"}'; end if;
    end if;
    if v_code.id is null and p_more -> 'code' <> 'null'
       or v_code.id is not null and not code_is_valid(v_code, v_look.event_ids) then
      return jsonb_build_object('kind', 'code_invalid');
    end if;
    if v_look.companions & ~v_look.accessibles <> 0 and not v_operator then
      return jsonb_build_object('kind', 'companion_alone', 'seats', seats_by_name(array(
        select s.id from unnest(v_look.ids) id join seats s using (id) where s.companion and not exists (
          select from seats with_it where with_it.id = any (v_look.ids) and with_it.event_id = s.event_id and with_it.accessible))));
    end if;
    if v_look.taken is not null then
      return jsonb_build_object('kind', 'taken', 'seats', seats_by_name(v_look.taken));
    end if;
    if v_prices is null and (v_look.priced or v_code.id is not null) then return jsonb_build_object('kind', 'to_be_priced'); end if;
    if v_prices is not null and (to_jsonb(v_look.revisions) <> p_more -> 'revisions'
                                 or v_code.revision is distinct from (p_more #>> '{code,revision}')::integer) then
      return jsonb_build_object('kind', 'stale');
    end if;
    v_total := v_look.tickets + added_to_tickets(p_more -> 'fees', p_more -> 'taxes');
    if p_buyer_key is null and p_client is not null
       and (v_look.buyer_limit or v_code.max_uses_per_buyer is not null or v_total = 0) then
      return jsonb_build_object('kind', 'buyer_required');
    end if;
    v_ttl := v_look.ttl;
    if p_more -> 'holdSeconds' <> 'null' then
      v_ttl := make_interval(secs => (p_more ->> 'holdSeconds')::integer);
      if v_ttl > v_look.ttl and p_more -> 'longHolds' is distinct from 'true' then
        return jsonb_build_object('kind', 'hold_too_long', 'limit', extract(epoch from v_look.ttl)::integer);
      end if;
      v_ttl := least(v_ttl, v_look.cap);
    end if;

    if attempt = 1 and p_buyer_key is not null
       and (p_buyer_cap is not null or v_look.buyer_limit or v_code.max_uses_per_buyer is not null) then
      -- Only requests of the same buyer wait for each other here.
      perform pg_advisory_xact_lock(1, hashtext(encode(p_buyer_key, 'hex')));
      if p_buyer_cap is not null and buyer_is_at_cap(p_client, p_buyer_key, p_buyer_cap) then
        return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'too_many_holds', 'limit', p_buyer_cap));
      end if;
      if v_look.buyer_limit or v_code.max_uses_per_buyer is not null then
        v_exceeded := buyer_limit_exceeded(p_buyer_key, p_id, v_look.ids, v_code);
        if v_exceeded is not null then return coalesce(replay_of(p_id, p_client, p_fingerprint), v_exceeded); end if;
      end if;
    end if;
    if attempt = 1 and v_code.id is not null then
      -- From here until the commit the code does not change.
      perform from codes where id = v_code.id and revision = v_code.revision for share;
      if not found then return jsonb_build_object('kind', 'stale'); end if;
    end if;
    if attempt = 1 and v_code.max_uses is not null then
      v_use := lock_free_use(v_code.id, v_code.max_uses);
      if v_use is null then return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'code_used_up')); end if;
    end if;

    if v_look.judged is not null then
      v_orphans := orphans_left_by(v_look.ids, v_look.judged, v_allotments);
      if v_orphans is not null then
        return coalesce(replay_of(p_id, p_client, p_fingerprint), jsonb_build_object('kind', 'orphan', 'seats', seats_by_name(v_orphans)));
      end if;
    end if;
    if v_look.overdue then
      -- Expired holds release their seats first. (`filter`, because a `where` would be evaluated
      -- before the lock.)
      select array_agg(id) filter (where not seat_is_free(status, hold_ends_at)) into v_taken
        from (select id, status, hold_ends_at from seats where id = any (v_look.ids) order by id for update) seat;
      continue when v_taken is not null;
      update allocations set released_at = clock_timestamp() where seat_id = any (v_look.ids) and released_at is null;
      update seats set status = 'available', reservation_id = null, hold_ends_at = null
       where id = any (v_look.ids) and status = 'held';
    end if;

    with locked as materialized (
      select status, active, allotment_id, allotment_until from seats where id = any (v_look.ids) order by id for update),
    moment as materialized (
      select clock_timestamp() as at, bool_and(status = 'available' and active)
             and array_agg(case when allotment_until > clock_timestamp() then allotment_id end) = v_look.allotments as free from locked),
    made as (
      insert into reservations (id, event_id, event_ids, client, fingerprint, buyer_name, buyer_email, buyer_key, total, currency,
                                created_at, hold_ends_at, hold_cap_at, code_id, code_terms, fees, taxes, reference, metadata, hold_seconds,
                                event_revisions)
      select p_id, v_look.event_ids[1], case when v_look.events > 1 then v_look.event_ids end,
             p_client, p_fingerprint, p_buyer_name, p_buyer_email, p_buyer_key, v_total, v_look.currency,
             at, least(at + v_ttl, v_look.starts_at), least(at + greatest(v_ttl, v_look.cap), v_look.starts_at), v_code.id,
             case when v_code.id is not null then code_terms_of(v_code) end,
             nullif(p_more -> 'fees', '[]'), nullif(p_more -> 'taxes', '[]'), p_more ->> 'reference',
             nullif(p_more -> 'metadata', 'null'), (p_more ->> 'holdSeconds')::integer,
             case when v_prices is not null then (
               select jsonb_object_agg(id, revision) from unnest(v_look.event_ids, v_look.revisions) rules (id, revision)) end
        from moment where free and at < v_look.closes
      on conflict (id) do nothing
      returning *),
    allocated as (
      insert into allocations (reservation_id, seat_id, price, discount, price_type, allotment_id)
      select p_id, seat_id, price, discount, type, allotment
        from made, unnest(v_look.ids, v_look.prices, v_look.discounts, v_look.types, v_look.allotments) as held (seat_id, price, discount, type, allotment)),
    owned as (
      update seats set status = 'held', reservation_id = p_id, hold_ends_at = made.hold_ends_at
        from made where seats.id = any (v_look.ids)),
    used as (
      update code_uses set status = 'held', reservation_id = p_id, hold_ends_at = made.hold_ends_at
        from made where code_uses.code_id = v_code.id and code_uses.number = v_use),
    announced as (
      insert into outbox (kind, subject) select 'start', p_id from made),
    remembered as (
      insert into history (reservation_id, at, type, actor, data)
      select p_id, created_at, 'reservation.held', p_actor, jsonb_build_object('seats', v_look.named, 'expiresAt', rfc3339(hold_ends_at))
        from made)
    select made.* into v_made from made;
    if found then
      perform nextval('holds_ever');
      -- An event may have been moved while this waited for seats.
      if exists (select from events where id = any (v_look.event_ids) and starts_at < v_made.hold_ends_at) then
        raise exception 'an event of the order begins sooner by now' using errcode = 'serialization_failure';
      end if;
      return jsonb_build_object('kind', 'held', 'reservation', order_document(
        v_made, 'held', v_slugs, v_look.shown, v_look.tickets, v_look.discount, v_code.code, v_made.created_at, null, '[]', '[]', 0, 0));
    end if;
  end loop;
  return jsonb_build_object('kind', 'taken', 'seats', seats_by_name(v_look.ids));
end $$;
