-- Up Migration

-- A payment is proven by a provider's signed event, or claimed by a client's `confirm` or a signal. A proven reference
-- exists once; a claim that a proof contradicts stays beside it, as a payment without provider.
-- So two reservations may name one reference, each its own payment (`reservations_confirmed_by_own_payment`).
alter table reservations drop constraint reservations_payment_confirms_one;
alter table mails drop constraint mails_reference_fkey;
alter table payments drop constraint payments_pkey;
alter table payments
  add column id bigint generated always as identity primary key,
  add column proven_by text constraint payments_proven_by_known check (proven_by in ('stripe', 'standard')),
  -- Who can give it back. `client`: nobody but the one who took it.
  add column captured_by text not null default 'client'
    constraint payments_captured_by_known check (captured_by in ('stripe', 'test', 'client')),
  add column contradicted_at timestamptz,
  add constraint payments_contradicted_is_a_claim
    check (contradicted_at is null or (proven_by is null and captured_by = 'client')),
  add constraint payments_stripe_gives_back_what_it_proved check (captured_by <> 'stripe' or proven_by = 'stripe');

update payments p set
  proven_by = case when p.source in ('stripe', 'standard') then p.source end,
  captured_by = case when exists (select from test_provider.charges c where c.reference = p.reference) then 'test'
                     when p.source = 'stripe' then 'stripe' else 'client' end;

create unique index payments_proven_once on payments (reference) where proven_by is not null;

alter table mails add constraint mails_payment_exists
  foreign key (reference, reservation_id) references payments (reference, reservation_id);
drop index inbox_payment_once;
create unique index inbox_payment_once on inbox (reference, reservation_id) where kind = 'payment';

-- What an operator has to look at, once for each occasion, until it is closed. `data` holds nothing of the buyer.
create table notes (
  id bigint generated always as identity primary key,
  kind text not null constraint notes_kind_known check (kind in (
    'event_not_understood', 'claim_contradicted', 'reference_conflict', 'payment_unmatched', 'refund_excess')),
  reservation_id text collate "C" not null,
  reference text collate "C",
  data jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  closed_by text,
  occasion bytea not null constraint notes_once unique,
  constraint notes_closed_by_somebody check ((closed_at is null) = (closed_by is null))
);
create index notes_by_age on notes (created_at, id);
create index notes_open on notes (created_at, id) where closed_at is null;

-- It takes who captured the payment now, instead of whether the test provider is in use.
drop function if exists record_payment(text, text, bigint, text, text, text, boolean, boolean);
