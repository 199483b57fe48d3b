-- What a code takes off, and of what, as a reservation keeps it (`reservations.code_terms`). By ids, which stay.
create or replace function code_terms_of(p_code codes) returns jsonb language sql stable parallel safe as $$
  select jsonb_build_object('code', p_code.id, 'event', p_code.event_id, 'categories', p_code.categories,
    'percent', trim_scale(p_code.percent)::text, 'amount', p_code.amount, 'currency', p_code.currency)
$$;
