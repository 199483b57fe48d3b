-- The name that release 1.0 calls while it runs beside this one during a deployment. Without the test provider it has
-- Stripe's key.
create or replace function keep_payment(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_actor text,
  p_strict boolean, p_test_provider boolean
) returns jsonb language sql as $$
  select case when result ->> 'kind' = 'recorded' then result || '{"kind": "kept"}' else result end
    from record_payment(p_reference, p_reservation, p_amount, p_currency, p_source, p_actor, p_strict,
      case when p_test_provider then 'test' when p_source = 'stripe' then 'stripe' else 'client' end) result
$$;
