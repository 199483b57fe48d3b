-- A change as the API shows it. A quote whose time is over is expired before its row says so.
create or replace function change_document(p_change changes) returns jsonb language sql volatile as $$
  select jsonb_build_object(
    'id', p_change.id,
    'reservation', p_change.reservation_id,
    'status', case when p_change.status = 'quoted' and p_change.paid_in_time_at is null and p_change.expires_at <= clock_timestamp()
                then 'expired' else p_change.status end,
    'release', p_change.release,
    'take', p_change.take,
    'before', p_change.amounts_before,
    'after', p_change.amounts_after,
    'due', case when p_change.due > 0 then money_document(p_change.due, p_change.currency) end,
    'refund', case when p_change.refund > 0 then money_document(p_change.refund, p_change.currency) end,
    'expiresAt', rfc3339(p_change.expires_at),
    'createdAt', rfc3339(p_change.created_at))
$$;
