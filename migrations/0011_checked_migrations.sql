-- Up Migration

-- What each migration said when it was applied here: one that was edited since is refused. Of those from before, it is
-- what they say now (src/db/migrate.ts).
alter table schema_migrations add column text_hash bytea;
