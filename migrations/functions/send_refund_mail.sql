-- Sends the mail about a refund.
create or replace function send_refund_mail(p_refund uuid) returns void language sql as $$
  insert into outbox (kind, subject)
  select 'mail', id::text from mails where refund_id = p_refund and sent_at is null and refused is null
$$;
