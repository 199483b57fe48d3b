-- The payment that a provider has proven under one of these references, or null.
create or replace function find_proven_payment(p_references text[]) returns bigint language sql stable as $$
  select id from payments where reference = any (p_references) and proven_by is not null and role <> 'unmatched' limit 1
$$;
