-- A reservation in its current state.
create or replace function reservation_json(p_id text) returns jsonb language sql volatile as $$
  select order_document(
    r, status_now(r.status, r.hold_ends_at, r.paid_in_time_at),
    case when r.event_ids is null then array[e.slug]
      else array(select slug from unnest(r.event_ids) with ordinality of (id, n) join events using (id) order by n) end,
    s.shown, s.tickets, s.discount, (select code from codes where id = r.code_id),
    -- What the document does not show does not change it.
    coalesce((select at from history h where h.reservation_id = r.id and h.type not like 'ticket%'
                and h.type not in ('payment.failed', 'payment.pending') order by h.id desc limit 1), r.created_at),
    (select jsonb_build_object('reference', p.reference, 'amount', p.amount, 'currency', p.currency, 'status', p.status)
       from payments p where p.reservation_id = r.id
        and p.role <> 'unmatched'
      order by (p.role = 'confirming') desc, case when p.role = 'confirming' then p.change_id is not null end, p.received_at desc limit 1),
    coalesce((select jsonb_agg(payment_document(p) order by p.received_at, p.id) from payments p where p.reservation_id = r.id), '[]'),
    coalesce((select jsonb_agg(refund_document(f, p) order by f.created_at, f.id)
       from payments p join refunds f on f.payment_id = p.id where p.reservation_id = r.id), '[]'),
    m.paid, m.refunded)
  from reservations r join events e on e.id = r.event_id,
    lateral (
      select jsonb_agg(order_seat_document(v.slug, s.label, s.category_code, a.price_type, a.price, a.discount, r.currency)
               order by array_position(r.event_ids, s.event_id), s.id) as shown,
             coalesce(sum(a.price), 0)::bigint as tickets, coalesce(sum(a.discount), 0)::bigint as discount
        from allocations a join seats s on s.id = a.seat_id join events v on v.id = s.event_id
       where a.reservation_id = r.id and a.until_revision is null) s,
    lateral (
      select coalesce(sum(p.amount), 0)::bigint as paid, coalesce(sum(p.refunded), 0)::bigint as refunded
        from payments p where p.reservation_id = r.id and p.role = 'confirming') m
  where r.id = p_id
$$;
