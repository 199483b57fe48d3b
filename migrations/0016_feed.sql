-- Up Migration

-- The feed: the history in the order in which it was committed. Numbers are given by `number_history`, in a transaction
-- of its own that locks the one row of `feed_head`; no other transaction writes here, so numbers appear in their order.
create table feed_head (
  only_one boolean primary key default true constraint feed_has_one_head check (only_one),
  -- The last number given, and its mark.
  sequence bigint not null default 0,
  mark integer not null default 0,
  -- The history is numbered up to this id, except for what is in `feed_gaps`.
  looked_to bigint not null,
  -- The history up to this id is from before there was a feed.
  began_after bigint not null,
  -- The last number that was deleted because of its age, and its mark.
  truncated_to bigint not null default 0,
  truncated_mark integer not null default 0
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- No foreign key to the history, whose rows never go: it would lock, and so write, each of them once more.
create table feed (
  sequence bigint primary key,
  history_id bigint not null constraint feed_history_once unique,
  numbered_at timestamptz not null,
  -- Who is told beside operators: the client of this name, or all clients.
  client text collate "C",
  for_all boolean not null,
  -- Of the reservation, when it was numbered.
  revision integer,
  -- Random. After a restore the same number is given to something else, with another mark.
  mark integer not null,
  constraint feed_is_told_to_one_or_all check (not for_all or client is null)
);
create index feed_by_client on feed (client, sequence) where client is not null;
create index feed_for_all on feed (sequence) where for_all;

-- Ids of the history that were passed over because no row with them could be seen: their transaction is open, or was
-- rolled back.
create table feed_gaps (
  first_id bigint primary key,
  last_id bigint not null,
  -- A transaction that had one of these ids is older than this.
  before_xid xid8 not null,
  noted_at timestamptz not null default clock_timestamp(),
  -- All transactions of that time have ended, so they are looked at now and then only.
  doubtful boolean not null default false,
  constraint feed_gap_is_not_empty check (first_id <= last_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index feed_gaps_open on feed_gaps (first_id) where not doubtful;

-- Whoever has an id of the history, and has not committed, holds a lock that this one waits for.
lock table history in share row exclusive mode;
insert into feed_head (looked_to, began_after) select coalesce(max(id), 0), coalesce(max(id), 0) from history;

-- Each code that no longer counts is told, whichever way it came to be void. At the commit, so after what voided it.
create or replace function note_voided_ticket() returns trigger language plpgsql as $$ begin return null; end $$;
create constraint trigger tickets_void_is_told after update of status on tickets deferrable initially deferred
  for each row when (old.status <> 'void' and new.status = 'void') execute function note_voided_ticket();

-- Where a client, or an operator, wants the feed to be sent to.
create table webhook_endpoints (
  id uuid primary key default gen_random_uuid(),
  client text collate "C" not null,
  -- An operator's: it is told what operators see.
  sees_all boolean not null,
  url text not null constraint webhook_url_length check (length(url) <= 2000),
  -- null: all.
  types text[],
  -- A deleted one stays for a day, until its workflow has seen it.
  status text not null default 'enabled' constraint webhook_status_known check (status in ('enabled', 'disabled', 'deleted')),
  disabled_reason text constraint webhook_disabled_reason_known check (disabled_reason in ('gone', 'no_success')),
  disabled_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- The feed up to here was sent, or is among `webhook_deliveries`.
  position bigint not null,
  last_success_at timestamptz,
  -- The first failure since the last success.
  failing_since timestamptz,
  -- Its workflow waits to be rung, or until `wake_at`.
  asleep boolean not null default true,
  wake_at timestamptz,
  -- The activity that sends, and until when it has to say that it still does.
  runner uuid,
  runner_until timestamptz,
  nudged_at timestamptz,
  constraint webhook_disabled_has_reason check ((disabled_reason is not null) = (disabled_at is not null)),
  constraint webhook_disabled_is_disabled check (status <> 'disabled' or disabled_at is not null),
  constraint webhook_runner_has_end check ((runner is not null) = (runner_until is not null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index webhook_endpoints_by_client on webhook_endpoints (client, created_at, id) where status <> 'deleted';
create index webhook_endpoints_by_age on webhook_endpoints (created_at, id) where status <> 'deleted';
create index webhook_endpoints_asleep on webhook_endpoints (id) where asleep and status = 'enabled';

-- Encrypted by the programs. During a rotation an endpoint has several.
create table webhook_secrets (
  id bigint generated always as identity primary key,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  sealed bytea not null,
  -- null: the current one.
  ends_at timestamptz
);
create unique index webhook_secrets_one_current on webhook_secrets (endpoint_id) where ends_at is null;
create index webhook_secrets_by_endpoint on webhook_secrets (endpoint_id);

-- What is to be sent to an endpoint, and what was.
create table webhook_deliveries (
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  sequence bigint not null,
  mark integer not null,
  history_id bigint not null,
  -- A reservation or an event: what is told of one is sent in order.
  subject text collate "C" not null,
  status text not null default 'pending' constraint webhook_delivery_status_known check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  first_attempt_at timestamptz,
  last_attempt_at timestamptz,
  -- Only of the first one that waits of a subject.
  next_attempt_at timestamptz,
  finished_at timestamptz,
  response_status integer,
  error text constraint webhook_delivery_error_length check (length(error) <= 200),
  primary key (endpoint_id, sequence),
  constraint webhook_delivery_finished check ((finished_at is not null) = (status <> 'pending')),
  constraint webhook_delivery_finished_is_not_due check (status = 'pending' or next_attempt_at is null)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at, sequence)
  where status = 'pending' and next_attempt_at is not null;
create unique index webhook_deliveries_one_due on webhook_deliveries (endpoint_id, subject)
  where status = 'pending' and next_attempt_at is not null;
create index webhook_deliveries_in_order on webhook_deliveries (endpoint_id, subject, sequence) where status = 'pending';
create index webhook_deliveries_by_age on webhook_deliveries (finished_at) where status <> 'pending';

alter table outbox drop constraint outbox_kind_known, add constraint outbox_kind_known check (kind in (
  'start', 'ring', 'refund', 'refund_order', 'resend', 'mail', 'webhooks')) not valid;
-- A note may be about an endpoint.
alter table notes alter column reservation_id drop not null,
  drop constraint notes_kind_known, add constraint notes_kind_known check (kind in (
  'event_not_understood', 'claim_contradicted', 'reference_conflict', 'payment_unmatched', 'refund_excess', 'refund_failed',
  'webhook_disabled')) not valid;
