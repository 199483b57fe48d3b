-- Up Migration

-- A print belongs to a revision of its reservation and to what its events said then. One that is older, or was removed
-- after its time, is made again when it is asked for. `print_id`: of that, for the workflow; from the first time on.
alter table events add column print_revision integer not null default 0;
alter table ticket_documents
  add column print_revision integer not null default 0,
  add column asked_at timestamptz,
  add column print_id uuid,
  alter column pdf drop not null;
alter table ticket_documents add constraint ticket_documents_asked_has_id check (asked_at is null or print_id is not null);
create index ticket_documents_kept on ticket_documents (created_at) where pdf is not null;
alter table outbox drop constraint outbox_kind_known, add constraint outbox_kind_known check (kind in (
  'start', 'ring', 'refund', 'refund_order', 'resend', 'mail', 'change', 'webhooks', 'print')) not valid;
