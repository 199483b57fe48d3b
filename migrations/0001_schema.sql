-- Up Migration

-- Who may call the API. Only a hash is kept: a key that leaks from here opens nothing.
create table api_keys (
  id bigint generated always as identity primary key,
  client text not null constraint api_keys_client_form check (client ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  role text not null constraint api_keys_role_known check (role in ('client', 'operator', 'scanner')),
  key_hash bytea not null constraint api_keys_key_unique unique,
  demo boolean not null default false,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

-- The seed of the key that signs ticket codes, made once; a TICKET_SIGNING_KEY setting takes its place.
create table signing_keys (
  id smallint primary key constraint signing_keys_single_row check (id = 1),
  seed bytea not null constraint signing_keys_seed_length check (length(seed) = 32),
  created_at timestamptz not null default now()
);

create table events (
  id uuid primary key default gen_random_uuid(),
  slug text not null constraint events_slug_unique unique
    constraint events_slug_form check (slug ~ '^[a-z0-9][a-z0-9_-]{0,99}$'),
  name text not null,
  venue text,
  starts_at timestamptz not null,
  time_zone text not null,
  currency text not null constraint events_currency_form check (currency ~ '^[A-Z]{3}$'),
  sales_open_at timestamptz,
  sales_close_at timestamptz,
  -- null: the HOLD_TTL_SECONDS of the process that takes the hold
  hold_ttl_seconds integer constraint events_ttl_positive check (hold_ttl_seconds >= 1),
  hold_cap_seconds integer,
  max_seats_per_reservation integer not null constraint events_max_seats_positive check (max_seats_per_reservation >= 1),
  created_at timestamptz not null default clock_timestamp(),
  constraint events_cap_not_below_ttl check (hold_cap_seconds >= coalesce(hold_ttl_seconds, 1)),
  constraint events_sales_window check (sales_close_at > sales_open_at)
);
create index events_by_start on events (starts_at, id);

create table price_categories (
  event_id uuid not null references events,
  code text not null,
  name text not null,
  price bigint not null constraint price_categories_price_not_negative check (price >= 0),
  ordinal integer not null,
  primary key (event_id, code)
);

-- One reservation: one buyer's claim on some seats. Its id is the client's idempotency key and the workflow's id.
create table reservations (
  id text collate "C" primary key constraint reservations_id_form check (id ~ '^[A-Za-z0-9_.-]{8,128}$'),
  event_id uuid not null references events,
  -- null: started by an operator by hand, in Temporal
  client text,
  fingerprint bytea,
  status text not null default 'held'
    constraint reservations_status_known check (status in ('held', 'confirmed', 'expired', 'cancelled')),
  buyer_name text,
  buyer_email text,
  buyer_key bytea,
  total bigint not null constraint reservations_total_not_negative check (total >= 0),
  currency text not null constraint reservations_currency_form check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null,
  hold_ends_at timestamptz not null,
  hold_cap_at timestamptz not null,
  -- a matching payment was kept before the hold's end: nobody else may take the seats until the actor has decided
  paid_in_time_at timestamptz,
  confirmed_by text,
  confirmed_at timestamptz,
  ended_at timestamptz,
  delivered_at timestamptz,
  erased_at timestamptz,
  nudged_at timestamptz,
  constraint reservations_hold_ends_after_start check (hold_ends_at > created_at),
  constraint reservations_hold_within_cap check (hold_ends_at <= hold_cap_at),
  constraint reservations_confirmed_by_a_payment check (status <> 'confirmed' or (confirmed_by is not null and confirmed_at is not null)),
  constraint reservations_end_is_dated check ((status in ('expired', 'cancelled')) = (ended_at is not null)),
  constraint reservations_payment_confirms_one unique (confirmed_by)
) with (fillfactor = 80);
create index reservations_open on reservations (hold_ends_at) where status = 'held';
create index reservations_open_by_buyer on reservations (buyer_key) where status = 'held';
create index reservations_undelivered on reservations (confirmed_at) where status = 'confirmed' and delivered_at is null;
create index reservations_by_event on reservations (event_id, created_at, id);
create index reservations_by_age on reservations (created_at, id);
create index reservations_by_buyer on reservations (buyer_key) where buyer_key is not null;

-- The map. General admission places are seats too, without row and number. Ids follow the order of the map, best first.
create table seats (
  id bigint generated always as identity primary key,
  event_id uuid not null references events,
  label text not null,
  section text not null,
  row_name text,
  number integer,
  category_code text not null,
  status text not null default 'available'
    constraint seats_status_known check (status in ('available', 'held', 'sold', 'blocked')),
  reservation_id text collate "C",
  hold_ends_at timestamptz,
  constraint seats_label_unique unique (event_id, label),
  constraint seats_category_exists foreign key (event_id, category_code) references price_categories (event_id, code),
  constraint seats_row_with_number check ((row_name is null) = (number is null)),
  constraint seats_owner_matches_status check ((status in ('held', 'sold')) = (reservation_id is not null)),
  constraint seats_hold_has_an_end check ((status = 'held') = (hold_ends_at is not null))
  -- No index on status, owner or end: so that a hold updates the row in place (HOT).
) with (fillfactor = 70);
create index seats_by_category on seats (event_id, category_code, id);

-- What each reservation claims or claimed, at which price. The seat's owner must be its one open allocation.
create table allocations (
  reservation_id text collate "C" not null references reservations,
  seat_id bigint not null references seats,
  price bigint not null constraint allocations_price_not_negative check (price >= 0),
  released_at timestamptz,
  primary key (reservation_id, seat_id)
) with (fillfactor = 80);
create unique index allocations_one_owner_per_seat on allocations (seat_id) where released_at is null;

alter table seats add constraint seats_owner_has_an_allocation
  foreign key (reservation_id, id) references allocations (reservation_id, seat_id);

-- Every payment that we were told of, once per reference. The reservation need not exist: money is never dropped.
create table payments (
  reference text collate "C" primary key constraint payments_reference_length check (length(reference) between 1 and 255),
  reservation_id text collate "C" not null constraint payments_reservation_length check (length(reservation_id) between 1 and 500),
  amount bigint not null constraint payments_amount_not_negative check (amount >= 0),
  currency text not null constraint payments_currency_form check (currency ~ '^[A-Z]{3}$'),
  source text not null constraint payments_source_known check (source in ('stripe', 'standard', 'client', 'signal')),
  -- kept: nobody has decided yet; confirming: it pays for the reservation; surplus: it goes back
  role text not null default 'kept' constraint payments_role_known check (role in ('kept', 'confirming', 'surplus')),
  status text not null default 'captured'
    constraint payments_status_known check (status in ('captured', 'refunding', 'refunded')),
  refund_reason text constraint payments_refund_reason_known
    check (refund_reason in ('cancelled', 'duplicate', 'expired', 'mismatch', 'unknown_reservation')),
  refund_error text,
  received_at timestamptz not null default clock_timestamp(),
  refunded_at timestamptz,
  nudged_at timestamptz,
  constraint payments_of_one_reservation unique (reference, reservation_id),
  constraint payments_kept_is_captured check (role <> 'kept' or status = 'captured'),
  constraint payments_surplus_goes_back check (role <> 'surplus' or status <> 'captured'),
  constraint payments_refund_has_a_reason check ((status = 'captured') = (refund_reason is null)),
  constraint payments_refund_is_dated check ((status = 'refunded') = (refunded_at is not null))
);
create unique index payments_one_confirms_a_reservation on payments (reservation_id) where role = 'confirming';
create index payments_by_reservation on payments (reservation_id, received_at);
create index payments_undecided on payments (received_at) where role = 'kept';
create index payments_refunding on payments (received_at) where status = 'refunding';
create index payments_by_age on payments (received_at, reference);

alter table reservations add constraint reservations_confirmed_by_own_payment
  foreign key (confirmed_by, id) references payments (reference, reservation_id);

-- The actors' mailbox: what happened, in the order in which it was kept. A signal only says "look here".
create table inbox (
  id bigint generated always as identity primary key,
  reservation_id text collate "C" not null,
  kind text not null constraint inbox_kind_known check (kind in ('payment', 'payment_failed', 'cancel')),
  reference text collate "C",
  -- the provider's id of the event, where the event is not a payment (a payment is known by its reference)
  event_key text collate "C",
  actor text not null,
  received_at timestamptz not null default clock_timestamp(),
  handled_at timestamptz,
  outcome text,
  constraint inbox_payment_exists foreign key (reference, reservation_id) references payments (reference, reservation_id),
  constraint inbox_payment_has_reference check ((kind = 'payment') = (reference is not null)),
  constraint inbox_outcome_when_handled check ((handled_at is null) = (outcome is null)),
  constraint inbox_event_once unique (event_key)
);
create unique index inbox_payment_once on inbox (reference) where kind = 'payment';
create unique index inbox_one_open_cancel on inbox (reservation_id) where kind = 'cancel' and handled_at is null;
create index inbox_unhandled on inbox (reservation_id, id) where handled_at is null;

-- What Temporal has yet to be told. A row lives until the relay has told it.
create table outbox (
  id bigint generated always as identity primary key,
  kind text not null constraint outbox_kind_known check (kind in ('start', 'ring', 'refund', 'resend')),
  -- the reservation's id, or for a refund the payment's reference
  subject text collate "C" not null,
  sequence integer,
  created_at timestamptz not null default clock_timestamp(),
  not_before timestamptz not null default clock_timestamp(),
  attempts integer not null default 0
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
-- Whoever has paid or cancelled does not wait behind a burst of holds that have yet to get their actors.
create index outbox_commands on outbox (id) where kind <> 'start';

-- What happened to each reservation, for good. Appended to, never changed; no personal data.
create table history (
  id bigint generated always as identity primary key,
  reservation_id text collate "C" not null references reservations,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  actor text not null,
  data jsonb not null default '{}'
);
create index history_by_reservation on history (reservation_id, id);

create function history_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'history is append-only' using errcode = 'restrict_violation', constraint = 'history_append_only';
end $$;
create trigger history_append_only before update or delete on history
  for each row execute function history_is_append_only();
create trigger history_no_truncate before truncate on history
  for each statement execute function history_is_append_only();

create table tickets (
  id uuid primary key,
  reservation_id text collate "C" not null,
  seat_id bigint not null,
  code text collate "C" not null constraint tickets_code_unique unique,
  status text not null default 'valid' constraint tickets_status_known check (status in ('valid', 'used', 'void')),
  issued_at timestamptz not null default clock_timestamp(),
  used_at timestamptz,
  constraint tickets_seat_was_allocated foreign key (reservation_id, seat_id) references allocations (reservation_id, seat_id),
  constraint tickets_use_is_dated check (status <> 'used' or used_at is not null),
  constraint tickets_valid_is_unused check (status <> 'valid' or used_at is null)
);
create unique index tickets_one_live_per_seat on tickets (seat_id) where status <> 'void';
create index tickets_by_reservation on tickets (reservation_id, seat_id);

create table ticket_documents (
  reservation_id text collate "C" primary key references reservations,
  pdf bytea not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Each mail that is owed or sent. The Message-ID is fixed before the first try, so that a repeat is the same mail.
create table mails (
  id bigint generated always as identity primary key,
  reservation_id text collate "C" not null references reservations,
  kind text not null constraint mails_kind_known check (kind in ('tickets', 'late_payment_refund')),
  -- tickets: 0 the first, then one up for each resend
  sequence integer not null default 0,
  reference text collate "C" references payments,
  message_id text not null constraint mails_message_id_unique unique,
  requested_at timestamptz not null default clock_timestamp(),
  attempted_at timestamptz,
  sent_at timestamptz,
  refused text,
  nudged_at timestamptz,
  constraint mails_one_per_occasion unique nulls not distinct (reservation_id, kind, sequence, reference)
);

create index mails_owed on mails (requested_at) where sent_at is null and refused is null;
create index mails_by_reference on mails (reference) where reference is not null;

-- Which workers are there: each says so every few seconds, so that readiness does not have to guess.
create table workers (
  id text primary key,
  roles text[] not null,
  seen_at timestamptz not null
);

-- The built-in test provider's own books, which nothing of the engine reads: money can be counted independently.
create schema test_provider;
create table test_provider.charges (
  reference text collate "C" primary key,
  amount bigint not null,
  currency text not null,
  at timestamptz not null default clock_timestamp()
);
create table test_provider.refunds (
  idempotency_key text collate "C" primary key,
  reference text collate "C" not null,
  amount bigint not null,
  currency text not null,
  at timestamptz not null default clock_timestamp()
);

-- Checked at commit, because a confirmation writes both sides: a sold seat belongs to a confirmed reservation, and a
-- confirmed reservation owns every seat that it paid for.
create function sold_seat_needs_confirmed_reservation() returns trigger language plpgsql as $$
begin
  if not exists (select from reservations r where r.id = new.reservation_id and r.status = 'confirmed')
     and exists (select from seats s where s.id = new.id and s.status = 'sold' and s.reservation_id = new.reservation_id) then
    raise exception 'seat % is sold without a confirmed reservation', new.label
      using errcode = 'integrity_constraint_violation', constraint = 'seats_sold_to_confirmed';
  end if;
  return null;
end $$;
create constraint trigger seats_sold_to_confirmed after insert or update of status, reservation_id on seats
  deferrable initially deferred for each row when (new.status = 'sold')
  execute function sold_seat_needs_confirmed_reservation();

create function confirmed_reservation_owns_its_seats() returns trigger language plpgsql as $$
begin
  if exists (select from reservations r where r.id = new.id and r.status = 'confirmed')
     and (not exists (select from allocations a where a.reservation_id = new.id)
          or exists (select from allocations a join seats s on s.id = a.seat_id
                     where a.reservation_id = new.id
                       and (a.released_at is not null or s.reservation_id is distinct from new.id or s.status <> 'sold'))) then
    raise exception 'reservation % is confirmed without owning its seats', new.id
      using errcode = 'integrity_constraint_violation', constraint = 'reservations_confirmed_owns_its_seats';
  end if;
  return null;
end $$;
create constraint trigger reservations_confirmed_owns_its_seats after insert or update of status on reservations
  deferrable initially deferred for each row when (new.status = 'confirmed')
  execute function confirmed_reservation_owns_its_seats();

-- The other way round: a reservation that stops being confirmed keeps no sold seat.
create function unconfirmed_reservation_keeps_no_sold_seat() returns trigger language plpgsql as $$
begin
  if exists (select from allocations a join seats s on s.id = a.seat_id
             where a.reservation_id = new.id and s.reservation_id = new.id and s.status = 'sold')
     and exists (select from reservations r where r.id = new.id and r.status <> 'confirmed') then
    raise exception 'reservation % is no longer confirmed but keeps sold seats', new.id
      using errcode = 'integrity_constraint_violation', constraint = 'reservations_unconfirmed_keeps_no_seat';
  end if;
  return null;
end $$;
create constraint trigger reservations_unconfirmed_keeps_no_seat after update of status on reservations
  deferrable initially deferred for each row when (old.status = 'confirmed' and new.status <> 'confirmed')
  execute function unconfirmed_reservation_keeps_no_sold_seat();

create function rfc3339(p_at timestamptz) returns text language sql immutable parallel safe as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- With microseconds: a place in a list, which must not round.
create function rfc3339_us(p_at timestamptz) returns text language sql immutable parallel safe as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The one definition of "free": nobody's, or a hold past its end.
create function seat_is_free(p_status text, p_hold_ends_at timestamptz) returns boolean language sql volatile parallel safe as $$
  select p_status = 'available' or (p_status = 'held' and p_hold_ends_at <= clock_timestamp())
$$;

-- What a reservation reads as at this moment: a hold past its end is expired, whether or not anybody has written so yet.
create function status_now(p_status text, p_hold_ends_at timestamptz, p_paid_in_time_at timestamptz)
returns text language sql volatile parallel safe as $$
  select case when p_status = 'held' and p_paid_in_time_at is null and p_hold_ends_at <= clock_timestamp()
    then 'expired' else p_status end
$$;

-- A reservation as the API shows it (and its client, for the check of who may see it).
create function reservation_json(p_id text) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'id', r.id,
    'client', r.client,
    'status', status_now(r.status, r.hold_ends_at, r.paid_in_time_at),
    'event', e.slug,
    'seats', (select jsonb_agg(jsonb_build_object('label', s.label, 'category', s.category_code,
                'price', jsonb_build_object('amount', a.price, 'currency', r.currency)) order by s.id)
              from allocations a join seats s on s.id = a.seat_id where a.reservation_id = r.id),
    'total', jsonb_build_object('amount', r.total, 'currency', r.currency),
    'buyer', case when r.buyer_name is null then null
               else jsonb_build_object('name', r.buyer_name, 'email', r.buyer_email) end,
    'expiresAt', rfc3339(r.hold_ends_at),
    'createdAt', rfc3339(r.created_at),
    'payment', (select jsonb_build_object('reference', p.reference, 'amount', p.amount, 'currency', p.currency, 'status', p.status)
                from payments p where p.reservation_id = r.id
                order by (p.role = 'confirming') desc, p.received_at desc limit 1))
  from reservations r join events e on e.id = r.event_id where r.id = p_id
$$;
