-- Locks a reservation as `lock_reservation` does, then reads what there is to decide about it: the entries of its inbox
-- that are unhandled, in the order in which they were recorded (ids commit out of order, so there is no cursor), and the
-- seats that a payment would sell. A payment counts for what no refund and no lost dispute has taken of it (`amount`;
-- `paid` is what came). No row where there is no reservation of this id.
create or replace function lock_to_settle(p_id text) returns table (reservation jsonb, messages jsonb, seats jsonb)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  select to_jsonb(locked) into reservation from lock_reservation(p_id) locked;
  if not found then return; end if;
  -- These statements begin after the lock, so they see all that was committed before it.
  messages := (
    select coalesce(jsonb_agg(message order by message.id), '[]') from (
      select i.id, i.kind, i.actor, i.change_id, i.reference, payment_left(p.id) as amount, p.amount as paid, p.currency,
             extract(epoch from clock_timestamp() - i.received_at)::float8 as waited_s
        from inbox i left join payments p on p.reference = i.reference and p.reservation_id = i.reservation_id
       where i.reservation_id = p_id and i.handled_at is null order by i.id limit 500 for update of i) message);
  seats := (
    select coalesce(
             jsonb_agg(jsonb_build_object('id', s.id, 'label', s.label, 'event_id', s.event_id) order by s.id), '[]')
      from allocations a join seats s on s.id = a.seat_id where a.reservation_id = p_id and a.until_revision is null);
  return next;
end $$;
