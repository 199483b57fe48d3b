create or replace function money_document(p_amount bigint, p_currency text) returns jsonb language sql stable parallel safe as $$
  select jsonb_build_object('amount', p_amount, 'currency', p_currency)
$$;
