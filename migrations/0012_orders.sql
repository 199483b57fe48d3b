-- Up Migration

-- Who sells: events, keys and codes belong to an organiser. So far there is one.
create table organisers (
  id uuid primary key default gen_random_uuid(),
  slug text not null constraint organisers_slug_unique unique
    constraint organisers_slug_form check (slug ~ '^[a-z0-9][a-z0-9_-]{0,99}$'),
  name text not null,
  created_at timestamptz not null default clock_timestamp()
);
insert into organisers (id, slug, name) values ('00000000-0000-4000-8000-000000000001', 'default', 'Default organiser');
alter table events add column organiser_id uuid not null default '00000000-0000-4000-8000-000000000001'
  constraint events_organiser_exists references organisers (id);
alter table api_keys add column organiser_id uuid not null default '00000000-0000-4000-8000-000000000001'
  constraint api_keys_organiser_exists references organisers (id);

-- What an event charges beside the prices of its categories: price types, fees, tax. null: nothing, so a hold is
-- priced where it is taken. `revision` grows with each change, so a price that was computed from older rules is noticed.
alter table events
  add column revision integer not null default 1,
  add column pricing jsonb constraint events_pricing_is_an_object check (jsonb_typeof(pricing) = 'object'),
  add column max_seats_per_buyer integer constraint events_max_per_buyer_positive check (max_seats_per_buyer >= 1),
  add column refund_terms jsonb constraint events_refund_terms_are_a_list check (jsonb_typeof(refund_terms) = 'array');

-- The price stands on the allocation as the hold fixed it: `price` is the list price of its type less the discount.
-- A seat counts from one revision of the reservation until another; null: it counts now.
alter table allocations
  add column price_type text not null default 'standard',
  add column discount bigint not null default 0 constraint allocations_discount_not_negative check (discount >= 0),
  add column from_revision integer not null default 1,
  add column until_revision integer,
  add constraint allocations_revisions_in_order check (until_revision > from_revision) not valid,
  add constraint allocations_dropped_is_released check (until_revision is null or released_at is not null) not valid;

create table codes (
  id uuid primary key default gen_random_uuid(),
  organiser_id uuid not null default '00000000-0000-4000-8000-000000000001' references organisers (id),
  -- Upper case, NFC: as it is compared.
  code text not null constraint codes_code_form check (code = normalize(code, NFC) and length(code) between 1 and 64),
  -- null: every event of the organiser; every category.
  event_id uuid references events (id),
  categories text[] constraint codes_categories_not_empty check (cardinality(categories) > 0),
  percent numeric(7, 4) constraint codes_percent_range check (percent > 0 and percent <= 100),
  amount bigint constraint codes_amount_positive check (amount > 0),
  currency text constraint codes_currency_form check (currency ~ '^[A-Z]{3}$'),
  max_uses integer constraint codes_max_uses_range check (max_uses between 1 and 100000),
  max_uses_per_buyer integer constraint codes_max_uses_per_buyer_positive check (max_uses_per_buyer >= 1),
  valid_from timestamptz,
  valid_until timestamptz,
  sales_open_at timestamptz,
  revision integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  constraint codes_code_unique unique (organiser_id, code),
  constraint codes_one_discount check (num_nonnulls(percent, amount) <= 1),
  constraint codes_amount_has_a_currency check ((amount is null) = (currency is null)),
  constraint codes_validity_in_order check (valid_until > valid_from)
);

alter table reservations
  -- The events of an order of several, the first one included; null: `event_id` alone.
  add column event_ids uuid[] constraint reservations_events_are_several check (cardinality(event_ids) > 1 and event_ids[1] = event_id),
  add column code_id uuid constraint reservations_code_exists references codes (id),
  add column fees jsonb constraint reservations_fees_are_a_list check (jsonb_typeof(fees) = 'array'),
  add column taxes jsonb constraint reservations_taxes_are_a_list check (jsonb_typeof(taxes) = 'array'),
  add column reference text constraint reservations_reference_length check (length(reference) between 1 and 200),
  add column metadata jsonb constraint reservations_metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  -- What the hold asked for above the TTL; `extend` gives it again.
  add column hold_seconds integer constraint reservations_hold_seconds_positive check (hold_seconds >= 1),
  add column revision integer not null default 1;
create index reservations_by_events on reservations using gin (event_ids) where event_ids is not null;
create index reservations_by_reference on reservations (reference, created_at, id) where reference is not null;
create index reservations_by_code on reservations (code_id) where code_id is not null;
create index reservations_by_client on reservations (client, created_at, id);

alter table tickets add column revision integer not null default 1;

-- The uses of a code that has a limit, each a row, claimed like a seat: free, held until `hold_ends_at`, or used.
create table code_uses (
  code_id uuid not null references codes (id),
  number integer not null,
  status text not null default 'free' constraint code_uses_status_known check (status in ('free', 'held', 'used')),
  reservation_id text references reservations (id),
  hold_ends_at timestamptz,
  primary key (code_id, number),
  constraint code_uses_owner_matches_status check ((status = 'free') = (reservation_id is null)),
  constraint code_uses_hold_has_an_end check ((status = 'held') = (hold_ends_at is not null))
) with (fillfactor = 70);
create unique index code_uses_one_a_reservation on code_uses (reservation_id) where reservation_id is not null;
create index code_uses_not_used on code_uses (code_id, number) where status <> 'used';

alter table api_keys add column long_holds boolean not null default false
  constraint api_keys_long_holds_of_clients check (not long_holds or role = 'client');

-- A document belongs to a revision of its reservation: an older print never becomes the current one.
alter table ticket_documents add column revision integer not null default 1;
