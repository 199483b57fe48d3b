-- The current name for the type of a history row. Rows of release 1.0 have different names, and
-- rows of the history are never changed.
create or replace function history_type(p_type text) returns text language sql immutable parallel safe as $$
  select case p_type
    when 'held' then 'reservation.held'
    when 'extended' then 'reservation.extended'
    when 'confirmed' then 'reservation.confirmed'
    when 'cancel_requested' then 'reservation.cancel_requested'
    when 'cancelled' then 'reservation.cancelled'
    when 'expired' then 'reservation.expired'
    when 'buyer_erased' then 'reservation.erased'
    when 'payment_received' then 'payment.received'
    when 'payment_failed' then 'payment.failed'
    when 'refund_requested' then 'refund.created'
    when 'refunded' then 'refund.succeeded'
    when 'resend_requested' then 'tickets.resend_requested'
    when 'mail_sent' then 'tickets.mailed'
    when 'mail_refused' then 'tickets.mail_refused'
    when 'checked_in' then 'ticket.checked_in'
    else p_type end
$$;
