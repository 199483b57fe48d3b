-- The seats that would be left alone, and were not before, if these were taken: free, between seats that are taken, an
-- aisle or the end of the row. null where there are none, or where the row has no other choice of so many seats.
--
-- Two holds whose union would leave an orphan have to be decided one after the other. So the seats and the two beside
-- them on either side are locked, all by id, and judged after the locks: of two such holds each has the orphan among
-- its own. What another order takes further away changes nothing about the seats beside these; but it may make another
-- choice, or take the last one. So of the orders that leave a seat alone for want of a choice in its row, each waits for
-- the one before and is judged again.
--
-- p_seats: all that are to be taken; p_judged: those of them whose event has a rule; p_named: the allotments that are
-- named, whose seats are free too; p_released: seats that the same change gives back, which are free
-- afterwards. null also when one of the seats is not free: that is for the caller to find out.
create or replace function orphans_left_after(p_seats bigint[], p_judged bigint[], p_named uuid[], p_released bigint[])
returns bigint[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_orphans bigint[];
  v_rows integer[];
begin
  perform from seats where id = any (array(
      select unnest(p_seats) union
      select beside.id from seats s
        join lateral (select id from seats n where n.event_id = s.event_id and n.row_order = s.row_order
                         and n.number between s.number - 2 and s.number + 2 offset 0) beside on true
       where s.id = any (p_judged))) order by id for update;

  if exists (select from seats where id = any (p_seats)
               and not seat_is_free_for(case when allotment_id = any (p_named) then allotment_id end,
                                        status, hold_ends_at, allotment_id, allotment_until)) then
    return null;
  end if;

  for judgement in 1..2 loop
    with touched as (
      select event_id, row_order, count(*)::integer as wanted, array_agg(category_code) as categories
        from seats where id = any (p_judged) and number is not null group by 1, 2),
    state as (
      select s.event_id, s.row_order, s.number, s.id, t.wanted, s.id = any (p_judged) as ours,
             s.active and (s.id = any (p_released) or seat_is_free_for(
               case when s.allotment_id = any (p_named) then s.allotment_id end, s.status, s.hold_ends_at, s.allotment_id,
               s.allotment_until)) as free,
             s.id = any (p_judged)
               or (s.category_code = any (t.categories) and not s.accessible and not s.companion) as fits
        from touched t
        join lateral (select * from seats where event_id = t.event_id and row_order = t.row_order
                         and number is not null offset 0) s on true),
    beside as (
      select *,
             lag(number) over w = number - 1 and lag(free) over w as free_before,
             lag(number) over w = number - 1 and lag(ours) over w as ours_before,
             lag(number, 2) over w = number - 2 and lag(free, 2) over w as free_two_before,
             lead(number) over w = number + 1 and lead(free) over w as free_after,
             lead(number) over w = number + 1 and lead(ours) over w as ours_after,
             lead(number, 2) over w = number + 2 and lead(free, 2) over w as free_two_after
        from state window w as (partition by event_id, row_order order by number)),
    -- Other choices of as many seats side by side that leave no seat alone.
    clean as (
      select event_id, row_order from (
          select event_id, row_order,
                 coalesce(free_before and not coalesce(free_two_before, false), false) as leaves_one_before,
                 number, wanted, lead(number, wanted - 1) over w as last,
                 lead(coalesce(free_after and not coalesce(free_two_after, false), false), wanted - 1) over w
                   as leaves_one_after
            from beside where free and fits window w as (partition by event_id, row_order order by number)) choice
       where last = number + wanted - 1 and not leaves_one_before and not leaves_one_after),
    alone as (
      select id, hashtext(event_id || ' ' || row_order) as row_lock,
             (event_id, row_order) in (select * from clean) as has_choice
        from beside
       where free and not ours and (coalesce(ours_before, false) or coalesce(ours_after, false))
         and not coalesce(free_before and not ours_before, false) and not coalesce(free_after and not ours_after, false))
    select array_agg(id order by id) filter (where has_choice),
           array_agg(distinct row_lock) filter (where not has_choice)
      into v_orphans, v_rows from alone;
    exit when v_orphans is not null or v_rows is null or judgement = 2;
    perform pg_advisory_xact_lock(3, row_lock) from (select unnest(v_rows) as row_lock order by 1) in_order;
  end loop;
  return v_orphans;
end $$;
