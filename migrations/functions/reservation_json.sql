-- A reservation in its current state.
create or replace function reservation_json(p_id text) returns jsonb language sql volatile as $$
  select reservation_document(
    r.id, r.client, status_now(r.status, r.hold_ends_at, r.paid_in_time_at), e.slug,
    (select jsonb_agg(seat_document(s.label, s.category_code, a.price, r.currency) order by s.id)
       from allocations a join seats s on s.id = a.seat_id where a.reservation_id = r.id),
    r.total, r.currency, r.buyer_name, r.buyer_email, r.hold_ends_at, r.created_at,
    (select jsonb_build_object('reference', p.reference, 'amount', p.amount, 'currency', p.currency, 'status', p.status)
       from payments p where p.reservation_id = r.id
        and p.role <> 'unmatched'
      order by (p.role = 'confirming') desc, p.received_at desc limit 1))
  || jsonb_build_object(
    'cancelRequestedAt', rfc3339(r.cancel_requested_at),
    'payments', coalesce((select jsonb_agg(payment_document(p) order by p.received_at, p.id) from payments p where p.reservation_id = r.id), '[]'),
    'refunds', coalesce((select jsonb_agg(refund_document(f, p) order by f.created_at, f.id)
       from payments p join refunds f on f.payment_id = p.id where p.reservation_id = r.id), '[]'))
  from reservations r join events e on e.id = r.event_id where r.id = p_id
$$;
