-- Rings a reservation's workflow if it still runs, so that it shows what has become of a payment. A closed one is not
-- started for that.
create or replace function ring_running_actor(p_reservation text) returns void language sql as $$
  insert into outbox (kind, subject)
  select 'ring', id from reservations
   where id = p_reservation and (status = 'held' or (status = 'confirmed' and delivered_at is null))
$$;
