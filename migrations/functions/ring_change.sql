-- Tells the workflow of a change to look at it, and the reservation's own if it is still open.
create or replace function ring_change(p_change uuid) returns void language sql as $$
  insert into outbox (kind, subject, sequence) values ('change', p_change::text, 1);
  select ring_running_actor(reservation_id) from changes where id = p_change
$$;
