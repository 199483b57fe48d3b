-- Keeps an event about a payment whose own event has not arrived. `record_payment` takes the same lock of the reference
-- before it records kept events, so none is missed. p_kind: `refund`, `refunded_total`, `dispute`.
-- Returns whether it was kept; false: the payment has arrived meanwhile.
create or replace function keep_early_event(p_references text[], p_kind text, p_told jsonb, p_actor text)
returns boolean language plpgsql as $$
begin
  if p_references = '{}' then return true; end if;
  perform pg_advisory_xact_lock(hashtextextended('payment:' || reference, 0))
     from (select distinct unnest(p_references) as reference order by 1) named;
  if find_proven_payment(p_references) is not null then return false; end if;
  insert into early_events (payment_references, kind, told, actor)
  select p_references, p_kind, p_told, p_actor
   where not exists (select from early_events where payment_references @> p_references and kind = p_kind and told = p_told);
  return true;
end $$;
