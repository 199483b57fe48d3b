-- Up Migration

-- Seats that are kept for a client, or for operators alone, until a time. Which seats, and until when, stands on the
-- seats: so an allotment ends by the clock of whoever looks at a seat, and nothing has to be written for it.
create table allotments (
  id uuid primary key default gen_random_uuid(),
  event_id uuid not null constraint allotments_event_exists references events (id),
  name text not null constraint allotments_name_length check (length(name) between 1 and 200),
  -- null: operators alone.
  client text constraint allotments_client_form check (client ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- Since when it is for this client.
  client_since timestamptz not null default clock_timestamp(),
  until timestamptz not null default 'infinity',
  revision integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  -- When its end was noted: by whoever deleted it, or by the sweep after `until`. It has no seats then.
  ended_at timestamptz,
  sweep_after timestamptz,
  constraint allotments_of_an_event unique (event_id, id)
);
create index allotments_in_order on allotments (event_id, created_at, id);
create index allotments_not_ended on allotments (until) where ended_at is null;

alter table seats
  add column allotment_id uuid,
  -- `infinity`: it has no end.
  add column allotment_until timestamptz,
  add constraint seats_allotment_of_its_event foreign key (event_id, allotment_id) references allotments (event_id, id) not valid,
  add constraint seats_allotment_has_an_end check ((allotment_id is null) = (allotment_until is null)) not valid;
create index seats_by_allotment on seats (allotment_id, id) where allotment_id is not null;

-- The allotment that a seat was taken from.
alter table allocations
  add column allotment_id uuid,
  add constraint allocations_allotment_exists foreign key (allotment_id) references allotments (id) not valid;

alter table sweep_faults
  drop constraint sweep_faults_step_known,
  add constraint sweep_faults_step_known check (step in ('expire', 'refund_unknown', 'end_allotment'));
