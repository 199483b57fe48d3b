-- A reservation as the API shows it, with its client, so that callers can check access. This is the only place that
-- defines the document; `hold_order` and `reservation_json` call it.
--
-- p_tickets, p_discount: what its seats cost, and how much less than their list prices that is; p_paid, p_refunded: of
-- the payments that confirmed it. What a cancelled sale is worth is what was kept of its money.
create or replace function order_document(
  p_reservation reservations, p_status text, p_events text[], p_seats jsonb, p_tickets bigint, p_discount bigint, p_code text,
  p_updated_at timestamptz, p_payment jsonb, p_payments jsonb, p_refunds jsonb, p_paid bigint, p_refunded bigint
) returns jsonb language plpgsql stable as $$
declare
  r constant reservations := p_reservation;
  v_undone constant boolean := r.status = 'cancelled' and r.confirmed_at is not null;
  v_sold constant boolean := r.confirmed_at is not null;
  v_fees constant bigint := (select coalesce(sum((fee ->> 'amount')::bigint), 0) from jsonb_array_elements(r.fees) fee);
  v_tax constant bigint := (select coalesce(sum((tax ->> 'amount')::bigint), 0) from jsonb_array_elements(r.taxes) tax);
  v_total constant bigint := case when v_undone then 0 else r.total end;
begin
  return jsonb_build_object(
    'id', r.id,
    'client', r.client,
    'status', p_status,
    'event', case when cardinality(p_events) = 1 then p_events[1] end,
    'seats', p_seats,
    'fees', case when r.fees is null then '[]' else (
      select jsonb_agg(jsonb_build_object('event', fee -> 'event', 'code', fee -> 'code',
               'amount', money_document((fee ->> 'amount')::bigint, r.currency)) order by n)
        from jsonb_array_elements(r.fees) with ordinality each (fee, n)) end,
    'taxes', case when r.taxes is null then '[]' else (
      select jsonb_agg(jsonb_build_object('event', tax -> 'event', 'percent', tax -> 'percent', 'included', tax -> 'included',
               'amount', money_document((tax ->> 'amount')::bigint, r.currency)) order by n)
        from jsonb_array_elements(r.taxes) with ordinality each (tax, n)) end,
    'total', money_document(r.total, r.currency),
    'amounts', jsonb_build_object(
      'tickets', money_document(case when v_undone then 0 else p_tickets end, r.currency),
      'discount', money_document(case when v_undone then 0 else p_discount end, r.currency),
      'fees', money_document(case when v_undone then 0 else v_fees end, r.currency),
      'tax', money_document(case when v_undone then 0 else v_tax end, r.currency),
      'taxIncluded', not exists (select from jsonb_array_elements(r.taxes) tax where tax -> 'included' = 'false'),
      'total', money_document(v_total, r.currency),
      'paid', money_document(p_paid, r.currency),
      'refunded', money_document(p_refunded, r.currency),
      'retained', money_document(case when v_sold then p_paid - p_refunded - v_total else 0 end, r.currency)),
    'code', p_code,
    'buyer', case when r.buyer_name is null then null
               else jsonb_build_object('name', r.buyer_name, 'email', r.buyer_email) end,
    'reference', r.reference,
    'metadata', coalesce(r.metadata, '{}'),
    'revision', r.revision,
    'expiresAt', rfc3339(r.hold_ends_at),
    'createdAt', rfc3339(r.created_at),
    'updatedAt', rfc3339(p_updated_at),
    'payment', p_payment,
    'cancelRequestedAt', rfc3339(r.cancel_requested_at),
    'payments', p_payments,
    'refunds', p_refunds);
end $$;
