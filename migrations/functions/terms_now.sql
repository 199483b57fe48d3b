-- What an event's refund terms give back at a moment, and until when that is so. Terms are steps: each holds until so
-- many seconds before the start; after the last nothing goes back. An event without terms gives everything back (percent null).
create or replace function terms_now(p_event uuid, p_at timestamptz, out percent numeric, out until timestamptz)
language plpgsql stable as $$
declare
  v_event events;
begin
  select * into v_event from events where id = p_event;
  if v_event.refund_terms is null then return; end if;
  select (step ->> 'percent')::numeric, v_event.starts_at - make_interval(secs => (step ->> 'untilSecondsBeforeStart')::integer)
    into percent, until
    from jsonb_array_elements(v_event.refund_terms) step
   where p_at < v_event.starts_at - make_interval(secs => (step ->> 'untilSecondsBeforeStart')::integer)
   order by (step ->> 'untilSecondsBeforeStart')::integer desc limit 1;
  percent := coalesce(percent, 0);
end $$;
