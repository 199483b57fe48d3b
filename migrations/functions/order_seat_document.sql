-- A seat of a reservation as the API shows it.
create or replace function order_seat_document(
  p_event text, p_label text, p_category text, p_type text, p_price bigint, p_discount bigint, p_currency text
) returns jsonb language sql stable parallel safe as $$
  select jsonb_build_object('event', p_event, 'label', p_label, 'category', p_category, 'priceType', p_type,
    'listPrice', money_document(p_price + p_discount, p_currency),
    'discount', money_document(p_discount, p_currency),
    'price', money_document(p_price, p_currency))
$$;
