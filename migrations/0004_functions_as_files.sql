-- Up Migration

-- Functions stand in migrations/functions, one file each, and are applied again when their text changes. This is what
-- was applied last.
create table schema_functions (
  name text primary key,
  text_hash bytea not null,
  applied_at timestamptz not null default clock_timestamp()
);

-- The closed list of what can happen, and the names that release 1.0 wrote, which are read under the new ones
-- (`history_type`). Rows that are there have one of these names, so they are not read again: `not valid`.
alter table history add constraint history_type_known check (type in (
  'reservation.held', 'reservation.extended', 'reservation.changed', 'reservation.confirmed',
  'reservation.cancel_requested', 'reservation.cancelled', 'reservation.expired', 'reservation.updated',
  'reservation.erased',
  'change.quoted', 'change.applied', 'change.expired', 'change.withdrawn',
  'payment.received', 'payment.pending', 'payment.failed', 'payment.unmatched', 'payment.disputed',
  'payment.dispute_won', 'payment.dispute_lost',
  'refund.created', 'refund.succeeded', 'refund.failed',
  'tickets.ready', 'tickets.resend_requested', 'tickets.mailed', 'tickets.mail_refused',
  'ticket.voided', 'ticket.checked_in', 'ticket.check_in_undone',
  'event.created', 'event.changed', 'allotment.created', 'allotment.ended',
  'held', 'extended', 'confirmed', 'cancel_requested', 'cancelled', 'expired', 'buyer_erased',
  'payment_received', 'payment_failed', 'refund_requested', 'refunded',
  'resend_requested', 'mail_sent', 'mail_refused', 'checked_in')) not valid;
