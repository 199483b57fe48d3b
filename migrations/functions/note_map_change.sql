-- Remembers, for whoever keeps a picture of an event's map, that this transaction changes it: see `map_changes`.
create or replace function note_map_change() returns trigger language plpgsql as $$
begin
  insert into map_changes (xid, event_id)
  select pg_current_xact_id(), event_id from (select distinct event_id from changed) event
  on conflict do nothing;
  return null;
end $$;
