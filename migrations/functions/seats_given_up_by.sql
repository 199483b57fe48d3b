-- The seats whose tickets a change replaces: those that it gives back, and those whose price type it changes. Nobody may
-- have come in with one of them.
create or replace function seats_given_up_by(p_change changes) returns bigint[] language sql stable as $$
  select (p_change).released || array(
    select a.seat_id from jsonb_array_elements((p_change).result -> 'seats') seat
      join allocations a on a.reservation_id = (p_change).reservation_id and a.seat_id = (seat ->> 'id')::bigint
     where a.until_revision is null and a.price_type is distinct from seat ->> 'type')
$$;
