-- The payment that pinned a hold does not cover it: another amount was proven, or the provider refunded it before the
-- settlement. The hold ends at its own time again, unless another payment of the total waits for settlement.
-- The caller holds the locks of the reservation's claims and of the reservation.
create or replace function unpin_hold(p_reservation text) returns void language plpgsql as $$
declare
  v_ends_at timestamptz;
begin
  update reservations r set paid_in_time_at = null
   where r.id = p_reservation and r.status = 'held' and r.paid_in_time_at is not null
     and not exists (select from payments p where p.reservation_id = r.id and p.role = 'kept'
                       and payment_left(p.id) = r.total and p.currency = r.currency)
  returning r.hold_ends_at into v_ends_at;
  if found then perform change_claims('unpin', p_reservation, v_ends_at); end if;
end $$;
