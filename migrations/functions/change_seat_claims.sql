-- The seats that a reservation claims: see `change_claims`. Seats are locked by id. Every change
-- names the owner, so a seat that another reservation has taken meanwhile is not changed. Seats that a quote of a change
-- holds are locked and released with the others; for the other steps they do not count.
create or replace function change_seat_claims(p_verb text, p_reservation text, p_until timestamptz default null)
returns boolean language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_seats bigint[] := array(select seat_id from allocations where reservation_id = p_reservation and until_revision is null);
  v_all bigint[] := v_seats;
  v_changed integer;
begin
  if p_verb in ('lock', 'release') then
    v_all := array(select seat_id from allocations where reservation_id = p_reservation and (until_revision is null or change_id is not null));
  end if;
  case p_verb
    when 'lock' then
      -- A hold that has ended may have lost its seats to an allotment; one that took them from it has them back.
      return coalesce((select bool_and(own and not seat_is_free(status, hold_ends_at)
          or seat_is_free_for((select allotment_id from allocations where reservation_id = p_reservation and seat_id = seat.id),
                              status, hold_ends_at, allotment_id, allotment_until)
             and (own or active and (select active from price_categories c where c.event_id = seat.event_id and c.code = category_code)))
          filter (where id = any (v_seats))
        from (select *, reservation_id is not distinct from p_reservation as own
                from seats where id = any (v_all) order by id for update) seat), false);
    when 'pin' then
      update seats set hold_ends_at = 'infinity'
       where id = any (v_seats) and reservation_id = p_reservation and status = 'held';
    when 'unpin' then
      update seats set hold_ends_at = p_until
       where id = any (v_seats) and reservation_id = p_reservation and status = 'held';
    when 'extend' then
      update seats set hold_ends_at = p_until
       where id = any (v_seats) and reservation_id = p_reservation and status = 'held' and hold_ends_at <> 'infinity';
    when 'release' then
      update seats set status = 'available', reservation_id = null, hold_ends_at = null
       where id = any (v_all) and reservation_id = p_reservation;
      update allocations set released_at = clock_timestamp() where reservation_id = p_reservation and released_at is null;
    when 'retake' then
      update allocations set released_at = clock_timestamp()
       where seat_id = any (v_seats) and reservation_id <> p_reservation and released_at is null;
      update allocations set released_at = null
       where reservation_id = p_reservation and released_at is not null and until_revision is null;
    when 'sell' then
      update seats set status = 'sold', reservation_id = p_reservation, hold_ends_at = null where id = any (v_seats);
      get diagnostics v_changed = row_count;
      return v_changed > 0 and v_changed = cardinality(v_seats);
  end case;
  return true;
end $$;
