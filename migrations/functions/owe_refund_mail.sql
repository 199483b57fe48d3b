-- Orders the mail about a refund. It is sent when the refund has succeeded. An erased buyer gets none.
create or replace function owe_refund_mail(p_refund uuid, p_reservation text) returns void language sql as $$
  insert into mails (reservation_id, kind, refund_id, message_id)
  select id, 'refund', p_refund, '<refund.' || p_refund || '@holdfast.invalid>'
    from reservations where id = p_reservation and buyer_email is not null
  on conflict do nothing
$$;
