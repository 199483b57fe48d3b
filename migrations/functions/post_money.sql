-- Posts money of a payment from one account to another, shared over the events of its order; a negative amount goes
-- back.
create or replace function post_money(
  p_debit text, p_credit text, p_amount bigint, p_payment payments, p_refund uuid, p_dispute text
) returns void language plpgsql as $$
declare
  v_posting bigint := nextval('ledger_postings');
  v_at timestamptz := clock_timestamp();
begin
  insert into ledger (posting, at, account, amount, currency, event_id, reservation_id, payment_id, refund_id, dispute_id)
  select v_posting, v_at, side.account, side.sign * share.amount, p_payment.currency, share.event_id, p_payment.reservation_id,
         p_payment.id, p_refund, p_dispute
    from money_shares(case p_debit when 'cash' then -p_amount else p_amount end, p_payment, p_dispute) share,
      (values (p_debit, case p_debit when 'cash' then -1 else 1 end),
              (p_credit, case p_debit when 'cash' then 1 else -1 end)) side (account, sign)
   where share.amount <> 0;
end $$;
