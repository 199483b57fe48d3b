-- Up Migration

-- A publishable key may be in a page, so it does little: see src/api/middleware/authenticate.ts.
alter table api_keys drop constraint api_keys_role_known;
alter table api_keys add constraint api_keys_role_known
  check (role in ('client', 'operator', 'scanner', 'publishable'));
