-- A refund as the API shows it: the one place where it is written.
create or replace function refund_document(p_refund refunds, p_payment payments) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'id', p_refund.id,
    'payment', p_payment.reference,
    'reservation', p_payment.reservation_id,
    'amount', jsonb_build_object('amount', p_refund.amount, 'currency', p_payment.currency),
    'status', p_refund.status,
    'by', p_refund.given_by,
    'reason', coalesce(p_refund.reason_text, p_refund.reason),
    'error', p_refund.error,
    'createdAt', rfc3339(p_refund.created_at),
    'succeededAt', rfc3339(p_refund.succeeded_at))
$$;
