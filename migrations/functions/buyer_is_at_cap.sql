-- Whether this buyer has as many open holds at this client as he may have. Another client's holds do not count, so no
-- shop can use up a buyer's cap at another. Called under the buyer's advisory lock, it is exact.
create or replace function buyer_is_at_cap(p_client text, p_buyer_key bytea, p_cap integer)
returns boolean language sql stable as $$
  select count(*) >= p_cap from (
    select from reservations r
     where r.buyer_key = p_buyer_key and r.client is not distinct from p_client and r.status = 'held'
       and (r.hold_ends_at > clock_timestamp() or r.paid_in_time_at is not null)
     limit p_cap) open
$$;
