-- What the sweep cannot do waits here, not on its own row: that row may be the one that cannot be written.
-- The constraint has the list of `SweepStep` in src/db/sweep-faults.ts.
alter table sweep_faults
  add column not_before timestamptz,
  drop constraint sweep_faults_step_known,
  add constraint sweep_faults_step_known check (step in ('expire', 'expire_change', 'refund_unknown', 'end_allotment',
    'requeue_unhandled_inbox', 'requeue_undelivered', 'requeue_refunds', 'requeue_late_refund_mails', 'requeue_mails',
    'requeue_webhooks', 'requeue_resends')) not valid;

-- Why a ticket is void; null: its reservation was cancelled.
alter table tickets
  add column void_reason text
    constraint tickets_void_reason_known check (void_reason is null or (void_reason = 'changed' and status = 'void'));
