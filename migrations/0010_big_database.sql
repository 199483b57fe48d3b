-- Up Migration

-- What the relay, the sweep and the lists read on a big database: each by an index that ends where their work ends.

-- Two relays that sweep share the overdue holds: one takes some and says until when the other leaves them alone. The
-- same time is the pause after a failure.
alter table reservations add column sweep_after timestamptz;

-- What the sweep could not do for one reservation (or the payment for one that does not exist), so that it is seen and
-- does not stop the others. A row goes once it was done.
create table sweep_faults (
  step text not null,
  subject text not null,
  since timestamptz not null default clock_timestamp(),
  tried_at timestamptz not null default clock_timestamp(),
  attempts integer not null default 1,
  error text not null,
  primary key (step, subject),
  constraint sweep_faults_step_known check (step in ('expire', 'refund_unknown')),
  constraint sweep_faults_error_length check (length(error) <= 500)
);

-- The index has an order of its own for holds with one end, so that it can be read in pages.
create index reservations_open_in_order on reservations (hold_ends_at, id) where status = 'held';
drop index reservations_open;

-- An entry that Temporal refuses for what it is: since when, with which words, and since when it is no longer tried.
-- It is then due at no time, so that relays of the previous release leave it alone too.
alter table outbox
  add column last_error text,
  add column refused_since timestamptz,
  add column given_up_at timestamptz,
  add constraint outbox_error_length check (length(last_error) <= 500),
  add constraint outbox_given_up_is_not_due check ((given_up_at is not null) = (not_before = 'infinity'));

-- Due entries in the order in which they are due: what is due later, or never, is not walked over. Entries that failed
-- before are apart, so that they keep nobody waiting.
create index outbox_commands_first on outbox (not_before, id) where kind <> 'start' and attempts = 0;
create index outbox_commands_again on outbox (not_before, id) where kind <> 'start' and attempts > 0;
create index outbox_starts_first on outbox (not_before, id) where kind = 'start' and attempts = 0;
create index outbox_starts_again on outbox (not_before, id) where kind = 'start' and attempts > 0;
create index outbox_given_up on outbox (id) where given_up_at is not null;
-- "Is it ordered already?"
create index outbox_by_subject on outbox (subject);
drop index outbox_commands;

-- Of what a provider gives back; what others give back by hand stays pending for as long as they like.
create index refunds_to_carry_out on refunds (created_at) where status = 'pending' and given_by in ('stripe', 'test');

-- Lists, each in its own order within what is asked for.
create index refunds_by_status on refunds (status, created_at, id);
drop index refunds_pending;
drop index refunds_failed;
create index reservations_by_status on reservations (status, created_at, id);
create index payments_by_status on payments
  ((case role when 'unmatched' then 'unmatched' else status end), received_at, reference);
-- A payment that confirms has a reservation; of the others some have none.
create index payments_not_confirming on payments (received_at, reference) where role <> 'confirming';

-- A category belongs to its event, so what refers to the category refers to the event: a seat is checked once.
alter table seats drop constraint seats_event_id_fkey;
