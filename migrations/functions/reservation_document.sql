-- A reservation as the API shows it, with its client, so that callers can check access. This is the
-- only place that defines the document; `reservation_json` adds what a new hold does not have.
create or replace function reservation_document(
  p_id text, p_client text, p_status text, p_event text, p_seats jsonb, p_total bigint, p_currency text,
  p_buyer_name text, p_buyer_email text, p_hold_ends_at timestamptz, p_created_at timestamptz, p_payment jsonb
) returns jsonb language sql immutable parallel safe as $$
  select jsonb_build_object(
    'id', p_id,
    'client', p_client,
    'status', p_status,
    'event', p_event,
    'seats', p_seats,
    'total', jsonb_build_object('amount', p_total, 'currency', p_currency),
    'buyer', case when p_buyer_name is null then null
               else jsonb_build_object('name', p_buyer_name, 'email', p_buyer_email) end,
    'expiresAt', rfc3339(p_hold_ends_at),
    'createdAt', rfc3339(p_created_at),
    'payment', p_payment,
    'cancelRequestedAt', null,
    'payments', '[]'::jsonb,
    'refunds', '[]'::jsonb)
$$;
