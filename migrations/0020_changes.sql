-- Up Migration

-- A change of a reservation's seats: what it gives back, what it takes, and what that comes to. While the reservation is
-- held it is applied at once. Of a confirmed one it is a quote: what it takes is held until `expires_at`, and once it is
-- paid for (or nothing is due) the reservation's actor applies it.
create table changes (
  id uuid primary key default gen_random_uuid(),
  reservation_id text collate "C" not null references reservations (id),
  status text not null constraint changes_status_known check (status in ('applied', 'quoted', 'expired', 'withdrawn')),
  actor text not null,
  -- Of a sale (a quote), or of a hold.
  of_sale boolean not null,
  -- The order as it will be: {seats: [{id, type, price, discount}], fees, taxes, total, code}.
  result jsonb not null,
  -- By seat id: what it gives back, takes, and gives another type.
  released bigint[] not null default '{}',
  taken bigint[] not null default '{}',
  -- As they are shown.
  release jsonb not null,
  take jsonb not null,
  amounts_before jsonb not null,
  amounts_after jsonb not null,
  total_before bigint not null,
  due bigint not null constraint changes_due_not_negative check (due >= 0),
  refund bigint not null constraint changes_refund_not_negative check (refund >= 0),
  currency text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  -- A matching payment is kept: the quote does not end before it is decided.
  paid_in_time_at timestamptz,
  ended_at timestamptz,
  sweep_after timestamptz,
  constraint changes_due_or_refund check (due = 0 or refund = 0),
  constraint changes_end_is_dated check ((status = 'quoted') = (ended_at is null)),
  constraint changes_quote_has_an_end check (status <> 'quoted' or (of_sale and expires_at is not null)),
  constraint changes_hold_is_changed_at_once check (of_sale or status = 'applied')
);
create unique index changes_one_open on changes (reservation_id) where status = 'quoted';
create index changes_by_reservation on changes (reservation_id, created_at, id);
create index changes_to_expire on changes (expires_at) where status = 'quoted' and paid_in_time_at is null;

-- A seat that a quote holds has an allocation that does not count yet: it names the change, and its revisions are those
-- from before, or 0 to 1.
alter table allocations
  add column change_id uuid constraint allocations_change_exists references changes (id),
  drop constraint allocations_dropped_is_released,
  add constraint allocations_dropped_is_released check (until_revision is null or released_at is not null or change_id is not null) not valid;

-- What a payment or a message is for, beside the reservation.
alter table payments add column change_id uuid constraint payments_change_exists references changes (id);
drop index payments_one_confirms_a_reservation;
create unique index payments_one_confirms_a_reservation on payments (reservation_id) where role = 'confirming' and change_id is null;
create unique index payments_one_confirms_a_change on payments (change_id) where role = 'confirming' and change_id is not null;
alter table inbox
  add column change_id uuid constraint inbox_change_exists references changes (id),
  drop constraint inbox_kind_known,
  add constraint inbox_kind_known check (kind in ('payment', 'payment_failed', 'payment_pending', 'cancel', 'change')) not valid,
  add constraint inbox_change_is_named check (kind <> 'change' or change_id is not null) not valid;

alter table refunds
  drop constraint refunds_reason_known,
  add constraint refunds_reason_known check (reason in ('cancelled', 'duplicate', 'expired', 'mismatch', 'unknown_reservation',
    'event_started', 'operator', 'provider', 'change', 'change_ended')) not valid;

-- What was asked for when a cancel was accepted, and what goes back by it; null: all that is left.
alter table reservations
  add column cancel_choice jsonb,
  add column cancel_refund bigint constraint reservations_cancel_refund_not_negative check (cancel_refund >= 0);

alter table outbox
  drop constraint outbox_kind_known,
  add constraint outbox_kind_known check (kind in ('start', 'ring', 'refund', 'refund_order', 'resend', 'mail', 'change')) not valid;

alter table sweep_faults
  drop constraint sweep_faults_step_known,
  add constraint sweep_faults_step_known check (step in ('expire', 'expire_change', 'refund_unknown', 'end_allotment')) not valid;
