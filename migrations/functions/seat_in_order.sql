-- A seat as the history of a reservation names it: by its label, in an order of several events with its event.
create or replace function seat_in_order(p_reservation text, p_seat bigint) returns jsonb language sql stable as $$
  select case when r.event_ids is null then to_jsonb(s.label)
              else jsonb_build_object('event', e.slug, 'label', s.label) end
    from reservations r, seats s join events e on e.id = s.event_id
   where r.id = p_reservation and s.id = p_seat
$$;
