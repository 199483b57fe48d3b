-- What the rules of the events say about a changed order: limits are judged on the result, the sale's window on what is
-- taken. p_seats: all seats of the result; p_taken: the new ones among them; p_allotments: which each of them names;
-- p_client, p_operator: who asks. The caller holds the locks of buyer, code and seats, with the seats beside those. Returns null, or a refusal as `hold_order` has them.
create or replace function change_refusal(
  p_reservation text, p_seats bigint[], p_taken bigint[], p_code uuid, p_total bigint, p_without_buyer boolean,
  p_client text, p_operator boolean, p_allotments text[]
) returns jsonb language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_reservation reservations;
  v_code codes;
  v_event record;
  v_refusal jsonb;
  v_seats bigint[];
begin
  select * into v_reservation from reservations where id = p_reservation;
  select * into v_code from codes where id = p_code;
  for v_event in
    select e.*, of.seats, of.new_seats,
           case when e.sales_open_at is not null and v_code.id is not null and (v_code.event_id is null or v_code.event_id = e.id)
                     and (v_code.categories is null or of.new_categories <@ v_code.categories)
             then least(e.sales_open_at, v_code.sales_open_at) else e.sales_open_at end as opens,
           least(e.sales_close_at, e.starts_at) as closes
      from (select event_id, count(*) as seats, count(*) filter (where id = any (p_taken)) as new_seats,
                   array_agg(category_code) filter (where id = any (p_taken)) as new_categories
              from seats where id = any (p_seats) group by event_id) of
      join events e on e.id = of.event_id order by e.slug
  loop
    if v_event.new_seats > 0 and (coalesce(clock_timestamp() < v_event.opens, false) or clock_timestamp() >= v_event.closes) then
      return jsonb_build_object('kind', 'sale_not_open', 'event', v_event.slug, 'opensAt', rfc3339(v_event.sales_open_at),
        'closesAt', rfc3339(v_event.closes));
    end if;
    if v_event.new_seats > 0 and v_event.sales_paused then return jsonb_build_object('kind', 'sale_paused', 'event', v_event.slug); end if;
    if v_event.seats > v_event.max_seats_per_reservation and v_event.new_seats > 0 then
      return jsonb_build_object('kind', 'limit', 'event', v_event.slug, 'limit', v_event.max_seats_per_reservation);
    end if;
    if p_without_buyer and v_event.max_seats_per_buyer is not null and v_event.new_seats > 0 then
      return jsonb_build_object('kind', 'buyer_required');
    end if;
  end loop;
  -- A sale whose buyer was erased gives seats back nevertheless.
  if p_without_buyer and v_reservation.client is not null
     and (v_reservation.status = 'held' or cardinality(p_taken) > 0 or v_reservation.code_id is distinct from p_code)
     and (v_code.max_uses_per_buyer is not null or p_total = 0) then
    return jsonb_build_object('kind', 'buyer_required');
  end if;
  v_refusal := (
    select unknown_allotment(p_client, p_operator, array_agg(s.event_id order by n), array_agg(n::integer order by n), array_agg(allotment::uuid order by n))
      from unnest(p_taken, p_allotments) with ordinality asked (id, allotment, n) join seats s using (id));
  if v_refusal is not null then return v_refusal || '{"kind": "unknown_allotment"}'; end if;
  v_seats := array(select s.id from seats s where s.id = any (p_seats) and s.companion and not exists (
    select from seats with_it where with_it.id = any (p_seats) and with_it.event_id = s.event_id and with_it.accessible));
  if cardinality(v_seats) > 0 and not p_operator then
    return jsonb_build_object('kind', 'companion_alone', 'seats', seats_by_name(v_seats));
  end if;
  v_seats := array(select s.id from seats s join events e on e.id = s.event_id
                    where s.id = any (p_taken) and s.number is not null and e.orphan_rule = 'forbid');
  if cardinality(v_seats) > 0 then
    v_seats := orphans_left_after(p_taken, v_seats, p_allotments::uuid[], array(
      select seat_id from allocations
       where reservation_id = p_reservation and until_revision is null and seat_id <> all (p_seats)));
    if v_seats is not null then return jsonb_build_object('kind', 'orphan', 'seats', seats_by_name(v_seats)); end if;
  end if;
  if v_reservation.status = 'held' then
    -- What a hold gives back must not stand alone beside what it keeps.
    v_seats := array(
      select s.id from allocations a join seats s on s.id = a.seat_id join events e on e.id = s.event_id
       where a.reservation_id = p_reservation and a.until_revision is null and s.id <> all (p_seats)
         and e.orphan_rule = 'forbid' and s.number is not null
         and exists (select from seats n where n.event_id = s.event_id and n.row_order = s.row_order
                        and n.number in (s.number - 1, s.number + 1) and n.id = any (p_seats))
         and not exists (select from seats n where n.event_id = s.event_id and n.row_order = s.row_order
                            and n.number in (s.number - 1, s.number + 1) and n.active and n.id <> all (p_seats)
                            and (n.reservation_id = p_reservation
                              or seat_is_free_for(null, n.status, n.hold_ends_at, n.allotment_id, n.allotment_until))));
    if cardinality(v_seats) > 0 then return jsonb_build_object('kind', 'orphan', 'seats', seats_by_name(v_seats)); end if;
  end if;
  if not p_without_buyer and cardinality(p_taken) + coalesce((v_reservation.code_id is distinct from p_code)::integer, 0) > 0 then
    v_refusal := buyer_limit_exceeded(v_reservation.buyer_key, p_reservation, p_seats, v_code);
  end if;
  return v_refusal;
end $$;
