-- Takes the seats of several orders that share nothing, each order's or none of them, and commits them together. It only
-- ever says of an order that it is held, or nothing: then `hold_order` decides, which has every refusal, replay and rule.
-- So no order waits here for another, and nothing is decided among those that came together.
--
-- First a look without locks leaves out what cannot be held plainly: a known key, an event with prices of its own, a
-- window, a limit; a seat that is not free, or overdue, in an allotment, of an accessible place's companion, or that must
-- not leave an orphan. It takes the lock of each buyer whom a limit counts, the one that `hold_order` waits for; whose
-- lock another has is left out. Then one statement locks the seats, in the same order, passes over those that
-- somebody else is taking, reads the clock, and writes the orders all of whose seats it got. Caps are counted in that
-- statement, whose snapshot is of after the buyers' locks.
--
-- It waits for nobody's seat and nobody's buyer. It may wait for a key that is being inserted at this moment, in the order
-- of the keys, as no two batches can then wait for each other, and while `hold_order` inserts its key it waits for nothing
-- else. That wait, and any for an event's row, has an end: p_lock_ms. All of it has one: p_within_ms.
--
-- p_ids … p_actors: of each order; p_metadata: null for none.
-- p_line_of, p_events: of each line its order, from 1, and its event (a slug, each once in an order).
-- p_seat_of, p_labels: of each seat its line, from 1, and its label.
-- Returns the number, from 1, and the document of each order that is held.
create or replace function hold_orders(
  p_within_ms integer, p_lock_ms integer, p_ids text[], p_clients text[], p_fingerprints bytea[],
  p_buyer_names text[], p_buyer_emails text[], p_buyer_keys bytea[], p_references text[], p_metadata jsonb[], p_actors text[],
  p_line_of integer[], p_events text[], p_seat_of integer[], p_labels text[], p_default_ttl integer, p_buyer_cap integer
) returns table (request integer, reservation jsonb) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_look record;
  v_held integer;
begin
  perform set_config('lock_timeout', p_lock_ms || 'ms', true);

  with event as materialized (
    select e.*, least(e.sales_close_at, e.starts_at) as closes, make_interval(secs => coalesce(e.hold_ttl_seconds, p_default_ttl)) as ttl
      from (select distinct slug from unnest(p_events) slug) asked
      join lateral (select * from events where slug = asked.slug offset 0) e on true
     where e.pricing is null and not e.sales_paused and coalesce(clock_timestamp() >= e.sales_open_at, true)),
  wanted as materialized (
    select p_line_of[asked.line] as n, asked.line, row_number() over (partition by asked.line) = 1 as is_first_of_line,
           event.id as event_id, seat.id, seat.label, seat.category_code, category.price,
           seat.status = 'available' and seat.active and category.active and not seat.companion
           and coalesce(seat.allotment_until <= clock_timestamp(), true)
           and (event.orphan_rule <> 'forbid' or seat.number is null)
           and count(*) over (partition by asked.line) <= event.max_seats_per_reservation as is_plain
      from unnest(p_seat_of, p_labels) asked (line, label)
      left join event on event.slug = p_events[asked.line]
      left join lateral (select * from seats where event_id = event.id and label = asked.label offset 0) seat on true
      left join lateral (select price, active from price_categories c
                          where c.event_id = event.id and c.code = seat.category_code offset 0) category on true),
  plain as materialized (
    select *, p_buyer_keys[n] as buyer_key
      from (select n, count(*) as seats, sum(price)::bigint as tickets, bool_and(coalesce(is_plain, false)) as is_plain,
                   jsonb_agg(event.id order by line) filter (where is_first_of_line) as event_ids,
                   jsonb_agg(slug order by line) filter (where is_first_of_line) as slugs,
                   min(currency) as currency, min(currency) = max(currency) as is_one_currency,
                   min(closes) as closes, min(starts_at) as starts_at,
                   min(ttl) as ttl, min(greatest(ttl, coalesce(make_interval(secs => hold_cap_seconds), 3 * ttl))) as cap,
                   bool_or(max_seats_per_buyer is not null) as buyer_limit,
                   case when count(*) filter (where is_first_of_line) = 1 then to_jsonb(array_agg(label order by wanted.id))
                        else jsonb_agg(jsonb_build_object('event', slug, 'label', label) order by line, wanted.id) end as named,
                   jsonb_agg(order_seat_document(slug, label, category_code, 'standard', price, 0, currency) order by line, wanted.id) as shown
              from wanted left join event on event.id = event_id group by n) orders
     where is_plain and is_one_currency and clock_timestamp() < closes
       and (p_buyer_keys[n] is not null or not buyer_limit and tickets > 0)
       -- Of one key and of one buyer the first only.
       and array_position(p_ids, p_ids[n]) = n
       and (p_buyer_keys[n] is null or array_position(p_buyer_keys, p_buyer_keys[n]) = n)
       and not exists (select from reservations r where r.id = p_ids[n])),
  ready as materialized (
    select * from plain
     where buyer_key is null or p_buyer_cap is null and not buyer_limit
        or pg_try_advisory_xact_lock(1, hashtext(encode(buyer_key, 'hex')))),
  taken as materialized (
    select wanted.id, wanted.n, wanted.price from wanted join ready using (n))
  select r.*, t.* into v_look
    from (select array_agg(n) as orders, array_agg(event_ids) as event_ids, array_agg(slugs) as slugs, array_agg(currency) as currencies,
                 array_agg(closes) as closes, array_agg(starts_at) as starts, array_agg(ttl) as ttls, array_agg(cap) as caps,
                 array_agg(buyer_limit) as buyer_limits, array_agg(seats) as seats, array_agg(tickets) as tickets,
                 array_agg(named) as named, array_agg(shown) as shown from ready) r,
         (select array_agg(id) as ids, array_agg(n) as seat_of, array_agg(price) as prices from taken) t;

  return query
    with locked as materialized (
      select id, status, active, allotment_until from seats where id = any (v_look.ids) order by id for update skip locked),
    moment as materialized (
      select clock_timestamp() as at, array_agg(id) filter (where status = 'available' and active
             and coalesce(allotment_until <= clock_timestamp(), true)) as free from locked),
    claim as materialized (
      select * from unnest(v_look.seat_of, v_look.ids, v_look.prices) claim (n, seat_id, price)),
    won as materialized (
      select looked.*, p_ids[looked.n] as id, p_clients[looked.n] as client, p_buyer_keys[looked.n] as buyer_key, at
        from moment, unnest(v_look.orders, v_look.event_ids, v_look.slugs, v_look.currencies, v_look.closes, v_look.starts, v_look.ttls,
                            v_look.caps, v_look.buyer_limits, v_look.seats, v_look.tickets, v_look.named, v_look.shown)
             looked (n, event_ids, slugs, currency, closes, starts_at, ttl, cap, buyer_limit, seats, tickets, named, shown)
       where looked.seats = (select count(*) from claim where claim.n = looked.n and claim.seat_id = any (free)) and at < looked.closes),
    made as (
      insert into reservations as r (id, event_id, event_ids, client, fingerprint, buyer_name, buyer_email, buyer_key, total, currency,
                                     created_at, hold_ends_at, hold_cap_at, reference, metadata)
      select id, (event_ids ->> 0)::uuid, case when event_ids -> 1 is not null then jsonb_texts(event_ids)::uuid[] end,
             client, p_fingerprints[n], p_buyer_names[n], p_buyer_emails[n], buyer_key, tickets, currency,
             at, least(at + ttl, starts_at), least(at + cap, starts_at), p_references[n], p_metadata[n]
        from won
       where (buyer_key is null or p_buyer_cap is null or not buyer_is_at_cap(client, buyer_key, p_buyer_cap))
         and (not buyer_limit or buyer_limit_exceeded(buyer_key, id, array(select seat_id from claim where claim.n = won.n), null) is null)
       order by id
      on conflict (id) do nothing
      returning r.id, r.created_at, r.hold_ends_at, r as document),
    allocated as (
      insert into allocations (reservation_id, seat_id, price)
      select made.id, seat_id, price from made join won using (id) join claim using (n)),
    owned as (
      -- Each seat is looked up by its id (`offset 0` prevents another plan).
      update seats set status = 'held', reservation_id = own.id, hold_ends_at = own.hold_ends_at
        from (select made.id, made.hold_ends_at, seat_id from made join won using (id) join claim using (n) offset 0) own
       where seats.id = own.seat_id),
    announced as (
      insert into outbox (kind, subject) select 'start', id from made),
    remembered as (
      insert into history (reservation_id, at, type, actor, data)
      select id, created_at, 'reservation.held', p_actors[won.n],
             jsonb_build_object('seats', won.named, 'expiresAt', rfc3339(made.hold_ends_at))
        from made join won using (id))
    select won.n, order_document(made.document, 'held', jsonb_texts(won.slugs), won.shown, won.tickets, 0::bigint, null, made.created_at,
                                 null, '[]', '[]', 0::bigint, 0::bigint)
      from made join won using (id);
  get diagnostics v_held = row_count;
  perform nextval('holds_ever') from generate_series(1, v_held);
  -- An event may have been moved since the look: then each goes alone.
  if exists (select from reservations r join events e on e.id = any (coalesce(r.event_ids, array[r.event_id]))
              where r.id = any (p_ids) and r.status = 'held' and e.starts_at < r.hold_ends_at) then
    raise exception 'an event of an order begins sooner by now' using errcode = 'serialization_failure';
  end if;
  if clock_timestamp() > statement_timestamp() + p_within_ms * interval '1 millisecond' then
    raise exception 'the callers do not wait any more' using errcode = 'query_canceled';
  end if;
end $$;
