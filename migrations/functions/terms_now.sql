-- What the refund terms of an event give back at a moment for a hold that began then (p_held_at), and until when that is
-- so. Terms are steps: each holds until so many seconds before the start; after the last nothing goes back. An event
-- without terms gives everything back (percent null).
create or replace function terms_now(p_event uuid, p_held_at timestamptz, p_at timestamptz, out percent numeric, out until timestamptz)
language plpgsql stable as $$
declare
  v_terms constant jsonb := refund_terms_at(p_event, p_held_at);
  v_starts_at timestamptz;
begin
  if v_terms is null then return; end if;
  select starts_at into v_starts_at from events where id = p_event;
  select (step ->> 'percent')::numeric, v_starts_at - make_interval(secs => (step ->> 'untilSecondsBeforeStart')::integer)
    into percent, until
    from jsonb_array_elements(v_terms) step
   where p_at < v_starts_at - make_interval(secs => (step ->> 'untilSecondsBeforeStart')::integer)
   order by (step ->> 'untilSecondsBeforeStart')::integer desc limit 1;
  percent := coalesce(percent, 0);
end $$;
