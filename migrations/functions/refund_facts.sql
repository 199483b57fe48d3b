-- The data of a refund in the history. It contains no free text.
create or replace function refund_facts(p_refund refunds, p_payment payments) returns jsonb language sql stable as $$
  select jsonb_build_object('refund', p_refund.id, 'reference', p_payment.reference, 'amount', p_refund.amount,
                            'currency', p_payment.currency, 'reason', p_refund.reason, 'by', p_refund.given_by)
$$;
