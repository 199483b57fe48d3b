-- Remembers, for whoever keeps a picture of an event's map, that this transaction changes it: see `map_changes`.
create or replace function note_map_change() returns trigger language plpgsql as $$
begin
  insert into map_changes (xid, event_id, seats)
  select pg_current_xact_id(), event_id,
         case when tg_op = 'UPDATE' and count(*) <= 200 then array_agg(id) end
    from changed group by event_id
  on conflict (xid, event_id) do update
    -- The list of one transaction has an end too.
    set seats = case when cardinality(map_changes.seats) <= 200 then map_changes.seats || excluded.seats end;
  return null;
end $$;
