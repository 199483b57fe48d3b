-- Writes a note, once for each sum, if more was refunded than was captured.
create or replace function note_refund_excess(p_payment bigint) returns void language sql as $$
  select add_note('refund_excess', p.reservation_id, p.reference,
                  jsonb_build_object('captured', p.amount, 'refunded', p.refunded, 'currency', p.currency))
    from payments p where p.id = p_payment and p.refunded > p.amount
$$;
