-- The refund terms of an event as they stood for a hold that began then; null: in full.
create or replace function refund_terms_at(p_event uuid, p_held_at timestamptz) returns jsonb language sql stable as $$
  select case when replaced.event_id is null then e.refund_terms else replaced.terms end
    from events e left join lateral (
      select * from replaced_refund_terms t where t.event_id = e.id and t.replaced_at > p_held_at order by t.revision limit 1) replaced on true
   where e.id = p_event
$$;
