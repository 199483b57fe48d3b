-- Pins a hold that has not ended. A payment of its total arrived in time, so the hold lasts until
-- the payment is decided.
create or replace function pin_hold(p_reservation text) returns void language plpgsql as $$
begin
  update reservations set paid_in_time_at = clock_timestamp()
   where id = p_reservation and paid_in_time_at is null
     and status_now(status, hold_ends_at, paid_in_time_at) = 'held';
  if found then perform change_claims('pin', p_reservation); end if;
end $$;
