-- Up Migration

-- What happens to an event is kept where what happens to its reservations is.
alter table history
  alter column reservation_id drop not null,
  add column event_id uuid constraint history_event_exists references events (id),
  add constraint history_has_one_subject check ((reservation_id is null) <> (event_id is null)) not valid;
create index history_by_event on history (event_id, id) where event_id is not null;
