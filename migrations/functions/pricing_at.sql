-- The fees and the tax of an event, in its `pricing`, as they stood for a hold that began then; null: none. Of a hold that
-- was priced by them p_revision says which they were: it may have looked at them just before an edit, and begun just after.
create or replace function pricing_at(p_event uuid, p_held_at timestamptz, p_revision integer) returns jsonb language sql stable as $$
  select case when replaced.event_id is null then e.pricing else replaced.pricing end
    from events e left join lateral (
      select * from replaced_pricing p
       where p.event_id = e.id and case when p_revision is null then p.replaced_at > p_held_at else p.revision >= p_revision end
       order by p.revision limit 1) replaced on true
   where e.id = p_event
$$;
