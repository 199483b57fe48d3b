-- Seats as clients name them: [{event, label}], in map order.
create or replace function seats_by_name(p_seats bigint[]) returns jsonb language sql stable as $$
  select jsonb_agg(jsonb_build_object('event', e.slug, 'label', s.label) order by s.id)
    from seats s join events e on e.id = s.event_id where s.id = any (p_seats)
$$;
