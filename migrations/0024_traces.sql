-- Up Migration

-- The trace that an entry is of, for the relay: whoever traces sets it for his transaction or session, and whatever
-- function writes an entry then needs to know nothing of it.
alter table outbox add column traceparent text default nullif(current_setting('holdfast.traceparent', true), '');
