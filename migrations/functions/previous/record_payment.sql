-- As the release before calls it: see `record_payment_for`.
create or replace function record_payment(
  p_reference text, p_reservation text, p_amount bigint, p_currency text, p_source text, p_actor text,
  p_strict boolean, p_captured_by text
) returns jsonb language sql as $$
  select record_payment_for(p_reference, p_reservation, p_amount, p_currency, p_source, p_actor, p_strict, p_captured_by, null)
$$;
