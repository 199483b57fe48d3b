-- What a cancel of a sale gives back now, by the terms of its events: of each event its step's percentage of the tickets
-- and of the fees that are refundable, with the tax on them; of an event without terms everything. Never more than is left of what was
-- paid. Returns {refund, retained, currency, termsUntil}.
create or replace function refund_by_terms(p_reservation text) returns jsonb language plpgsql volatile as $$
declare
  v_at constant timestamptz := clock_timestamp();
  v_reservation reservations;
  v_left bigint;
  v_refund bigint;
  v_until timestamptz;
begin
  select * into v_reservation from reservations where id = p_reservation;
  v_left := (select coalesce(sum(payment_left(id)), 0) from payments where reservation_id = p_reservation and role = 'confirming');
  with sold as (
    select e.id, e.slug,
           (select coalesce(sum(a.price), 0) from allocations a join seats s on s.id = a.seat_id
             where a.reservation_id = p_reservation and a.until_revision is null and s.event_id = e.id) as tickets,
           (select coalesce(sum((fee ->> 'amount')::bigint), 0) from jsonb_array_elements(v_reservation.fees) fee where fee ->> 'event' = e.slug) as fees,
           (select coalesce(sum((fee ->> 'amount')::bigint), 0) from jsonb_array_elements(v_reservation.fees) fee
             where fee ->> 'event' = e.slug and fee -> 'refundable' is distinct from 'false') as refundable_fees,
           (select coalesce(sum((tax ->> 'amount')::bigint), 0) from jsonb_array_elements(v_reservation.taxes) tax
             where tax ->> 'event' = e.slug and tax -> 'included' = 'false') as tax
      from events e where e.id = any (coalesce(v_reservation.event_ids, array[v_reservation.event_id]))),
  shares as (
    select t.until, case when t.percent is null then tickets + fees + tax
        else round((tickets + refundable_fees
          + case when tickets + fees = 0 then 0 else round(tax * (tickets + refundable_fees) / (tickets + fees)) end) * t.percent / 100) end as back
      from sold, terms_now(sold.id, v_reservation.created_at, v_at) t)
  select coalesce(sum(back), 0)::bigint, min(until) into v_refund, v_until from shares;
  -- Before it is paid for there is nothing to give back.
  v_refund := least(v_refund, v_left);
  return jsonb_build_object('refund', v_refund, 'retained', v_left - v_refund, 'currency', v_reservation.currency, 'termsUntil', rfc3339(v_until));
end $$;
