-- Up Migration

-- Which seats a transaction changed, so that a picture of a large map is brought up to date by reading those alone;
-- null: too many to name, or something else of the map, and all of it is read. Of what fills it:
-- migrations/functions/note_map_change.sql.
alter table map_changes add column seats bigint[];
