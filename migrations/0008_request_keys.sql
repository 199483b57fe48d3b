-- Up Migration

-- The Idempotency-Keys of calls other than the hold, whose key is its reservation's id. A key's space is the call under
-- its resource and client. Written with what the call makes, in one transaction: a refused call uses no key up.
create table request_keys (
  client text not null,
  -- The operation, as `resendTickets`.
  call text not null,
  -- What the call is made on: a reservation's id or an event's; '' for none.
  resource text collate "C" not null,
  key text collate "C" not null constraint request_keys_key_form check (key ~ '^[A-Za-z0-9_.-]{8,128}$'),
  fingerprint bytea not null,
  -- The id of what the first call made: a later one is answered with that as it then stands.
  answer text collate "C" not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (client, call, resource, key)
);
create index request_keys_by_age on request_keys (created_at);
