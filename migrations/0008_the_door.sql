-- Up Migration

-- `number` is the seat's place in its row: neighbours differ by one, an aisle leaves one out. What the seat is called is
-- another matter (`12 bis`, odd and even): `seat_number`; null: as its place, which is also what release 1.0 writes.
alter table seats
  add column seat_number text,
  add constraint seats_number_in_a_row check (seat_number is null or row_name is not null) not valid;

-- From its commit the cancel of a confirmed reservation is decided, and its tickets are void.
alter table reservations add column cancel_requested_at timestamptz;
update reservations r set cancel_requested_at = i.received_at
  from inbox i where i.reservation_id = r.id and i.kind = 'cancel' and i.handled_at is null;

-- A scanner's key may be for one event alone.
alter table api_keys
  add column event_id uuid constraint api_keys_event_exists references events,
  add constraint api_keys_only_a_scanner_is_bound check (event_id is null or role = 'scanner');

alter table tickets
  add column used_gate text constraint tickets_gate_of_a_use check (used_gate is null or used_at is not null),
  add column voided_at timestamptz constraint tickets_voided_is_void check (voided_at is null or status = 'void');
update tickets t set voided_at = r.ended_at from reservations r where r.id = t.reservation_id and t.status = 'void';
update tickets t set status = 'void', voided_at = clock_timestamp()
  from reservations r where r.id = t.reservation_id and r.cancel_requested_at is not null and t.status = 'valid';
create index tickets_voided on tickets (voided_at, id) where status = 'void';

-- What a scan that has an id was answered, for the scanner that asks again because the answer was lost.
create table scans (
  key_id bigint not null references api_keys,
  scan_id text collate "C" not null constraint scans_id_form check (scan_id ~ '^[!-~]{1,128}$'),
  code_hash bytea not null,
  ticket_id uuid references tickets,
  outcome text not null constraint scans_outcome_known
    check (outcome in ('checked_in', 'already_checked_in', 'ticket_void', 'wrong_event', 'unknown')),
  -- Of the entry that the answer told.
  entered_at timestamptz,
  gate text,
  undone_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (key_id, scan_id),
  constraint scans_unknown_has_no_ticket check ((outcome = 'unknown') = (ticket_id is null)),
  constraint scans_entry_is_dated check ((outcome in ('checked_in', 'already_checked_in')) = (entered_at is not null)),
  constraint scans_only_an_entry_is_undone check (undone_at is null or outcome = 'checked_in')
);
create index scans_that_let_in on scans (ticket_id) where outcome = 'checked_in';
create index scans_by_age on scans (created_at);
