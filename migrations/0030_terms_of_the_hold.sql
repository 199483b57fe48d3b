-- Up Migration

-- `events.pricing` from before an edit of fees or tax, of which those two count: see migrations/functions/pricing_at.sql.
create table replaced_pricing (
  event_id uuid not null references events (id),
  -- The last one of the event that had it.
  revision integer not null,
  -- null: no fees and no tax.
  pricing jsonb,
  replaced_at timestamptz not null default clock_timestamp(),
  primary key (event_id, revision)
);

-- Terms that a hold fixes, so that a change of its order is priced by them and not by later ones.
alter table reservations
  -- Of its code, as it was when the reservation got it (migrations/functions/code_terms_of.sql); null: it has no code, or a
  -- release before this one gave it, and the code counts as it is now.
  add column code_terms jsonb,
  -- By the id of the event, the revision of the rules that priced it; null: those of its moment.
  add column event_revisions jsonb,
  -- Not validated: all rows have null, and nobody has to wait until they are read.
  add constraint reservations_code_terms_are_an_object check (jsonb_typeof(code_terms) = 'object') not valid,
  add constraint reservations_event_revisions_are_an_object check (jsonb_typeof(event_revisions) = 'object') not valid;
