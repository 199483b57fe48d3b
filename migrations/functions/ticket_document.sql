-- A ticket as the door sees it; null if there is none.
create or replace function ticket_document(p_ticket uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('seat', s.label, 'event', e.slug, 'reservation', r.id, 'holder', coalesce(r.buyer_name, ''))
    from tickets t join seats s on s.id = t.seat_id join events e on e.id = s.event_id
    join reservations r on r.id = t.reservation_id
   where t.id = p_ticket
$$;
