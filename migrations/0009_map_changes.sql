-- Up Migration

-- Which transaction changed the map of which event, for some minutes. A picture of a map, taken in a snapshot, is still
-- true when no transaction is named here that the snapshot did not see: only what changed in that event makes another
-- picture. Nothing but inserts, so that holds of one event never wait for each other here.
create table map_changes (
  xid xid8 not null,
  event_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  -- From the oldest transaction that a snapshot did not see.
  primary key (xid, event_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- Of what it does: migrations/functions/note_map_change.sql.
create or replace function note_map_change() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger seats_change_the_map after update on seats
  referencing new table as changed for each statement execute function note_map_change();
create trigger seats_enlarge_the_map after insert on seats
  referencing new table as changed for each statement execute function note_map_change();

-- A map is read in its order without a sort. Seats are no longer chosen by category in the database.
create index seats_in_order on seats (event_id, id);
drop index seats_by_category;
