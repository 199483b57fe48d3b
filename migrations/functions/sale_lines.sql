-- What an order is in the accounts once it is sold: its seats as they count now, its fees and its taxes. A tax that the
-- prices include is a pair of lines, so that tickets and fees stay what the buyer saw. Minor units; credits are negative.
create or replace function sale_lines(p_reservation text)
returns table (event_id uuid, account text, category text, price_type text, code text, amount bigint, quantity integer)
language sql stable as $$
  select s.event_id, 'tickets', s.category_code, a.price_type, null, -sum(a.price + a.discount)::bigint, count(*)::integer
    from allocations a join seats s on s.id = a.seat_id
   where a.reservation_id = p_reservation and a.until_revision is null group by s.event_id, s.category_code, a.price_type
  union all
  select s.event_id, 'discounts', s.category_code, a.price_type, null, sum(a.discount)::bigint, null
    from allocations a join seats s on s.id = a.seat_id
   where a.reservation_id = p_reservation and a.until_revision is null and a.discount > 0
   group by s.event_id, s.category_code, a.price_type
  union all
  select e.id, 'fees', null, null, fee ->> 'code', -(fee ->> 'amount')::bigint, null
    from reservations r, jsonb_array_elements(r.fees) fee join events e on e.slug = fee ->> 'event'
   where r.id = p_reservation
  union all
  select e.id, side.account, null, null, null, side.sign * (tax ->> 'amount')::bigint, null
    from reservations r, jsonb_array_elements(r.taxes) tax join events e on e.slug = tax ->> 'event',
      lateral (values ('tax', -1), (case when tax -> 'included' = 'true' then 'included_tax' end, 1)) side (account, sign)
   where r.id = p_reservation and side.account is not null
$$;
