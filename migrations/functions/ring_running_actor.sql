-- Rings a reservation's workflow if it is still running, so that its details show the payment's state. A closed workflow
-- is not started again.
create or replace function ring_running_actor(p_reservation text) returns void language sql as $$
  insert into outbox (kind, subject)
  select 'ring', id from reservations
   where id = p_reservation and (status = 'held' or (status = 'confirmed' and delivered_at is null))
$$;
