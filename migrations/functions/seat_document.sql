-- A seat of a reservation as the API shows it.
create or replace function seat_document(p_label text, p_category text, p_price bigint, p_currency text)
returns jsonb language sql immutable parallel safe as $$
  select jsonb_build_object('label', p_label, 'category', p_category,
    'price', jsonb_build_object('amount', p_price, 'currency', p_currency))
$$;
