-- The name that was called before orders of several events were committed together: an order has one line.
create or replace function hold_batch(
  p_within_ms integer, p_lock_ms integer, p_ids text[], p_clients text[], p_fingerprints bytea[],
  p_buyer_names text[], p_buyer_emails text[], p_buyer_keys bytea[], p_references text[], p_metadata jsonb[], p_actors text[],
  p_events text[], p_seat_of integer[], p_labels text[], p_default_ttl integer, p_buyer_cap integer
) returns table (request integer, reservation jsonb) language sql as $$
  select * from hold_orders(p_within_ms, p_lock_ms, p_ids, p_clients, p_fingerprints, p_buyer_names, p_buyer_emails, p_buyer_keys,
                            p_references, p_metadata, p_actors, array(select generate_subscripts(p_ids, 1)), p_events,
                            p_seat_of, p_labels, p_default_ttl, p_buyer_cap)
$$;
