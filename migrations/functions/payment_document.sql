-- A payment as its reservation shows it; the list of payments adds what only operators see.
create or replace function payment_document(p_payment payments) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'reference', p_payment.reference,
    'amount', jsonb_build_object('amount', p_payment.amount, 'currency', p_payment.currency),
    'refunded', jsonb_build_object('amount', p_payment.refunded, 'currency', p_payment.currency),
    'status', case p_payment.role when 'unmatched' then 'unmatched' else p_payment.status end,
    'provenBy', p_payment.proven_by,
    'capturedBy', p_payment.captured_by,
    'receivedAt', rfc3339(p_payment.received_at))
$$;
