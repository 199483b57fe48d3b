-- Up Migration

-- All kinds of entries, whichever migration brought them.
alter table outbox drop constraint outbox_kind_known, add constraint outbox_kind_known check (kind in (
  'start', 'ring', 'refund', 'refund_order', 'resend', 'mail', 'change', 'webhooks')) not valid;
