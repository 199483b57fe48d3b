-- Up Migration

-- What a provider tells of a payment before it tells of the payment itself, until that arrives; at most a week, for it
-- may be somebody else's payment in the same account.
create table early_events (
  id bigint generated always as identity primary key,
  -- What the payment may be called (Stripe: the PaymentIntent, the Charge).
  payment_references text[] collate "C" not null
    constraint early_events_names_few check (cardinality(payment_references) between 1 and 10),
  kind text not null constraint early_events_kind_known check (kind in ('refund', 'refunded_total', 'dispute')),
  -- What was told, as the function for its kind takes it.
  told jsonb not null,
  actor text not null,
  received_at timestamptz not null default clock_timestamp()
);
create index early_events_by_reference on early_events using gin (payment_references);
create index early_events_by_age on early_events (received_at);
