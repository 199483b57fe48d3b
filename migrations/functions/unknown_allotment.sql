-- The first line whose allotment is not one of its event, or not one that the caller takes seats from: {event, allotment};
-- null when there is none. One that has ended may be named: its seats are free for everyone.
-- p_allotments: of each seat, null for none; p_event_of: the place of its event in p_event_ids.
create or replace function unknown_allotment(p_client text, p_operator boolean, p_event_ids uuid[], p_event_of integer[], p_allotments uuid[])
returns jsonb language sql stable as $$
  select jsonb_build_object('event', e.slug, 'allotment', asked.allotment)
    from unnest(p_event_of, p_allotments) with ordinality asked (event_of, allotment, n)
    join events e on e.id = p_event_ids[asked.event_of]
   where asked.allotment is not null
     and not exists (select from allotments a where a.id = asked.allotment and a.event_id = e.id and (p_operator or a.client = p_client))
   order by asked.n limit 1
$$;
