-- Changes the status of a refund, by an answer or an event of the provider, or by a person who carried it out. The
-- transitions are `pending` → `succeeded` | `failed` and `succeeded` → `failed`. A refund that failed as `superseded`
-- still succeeds if the provider says so.
-- p_error of a pending refund: why it is not done yet. p_wake: ring the refund's workflow.
-- Returns whether the status changed.
create or replace function move_refund(
  p_refund uuid, p_status text, p_provider_refund_id text, p_error text, p_note text, p_actor text, p_wake boolean
) returns boolean language plpgsql as $$
declare
  v_refund refunds;
  v_payment payments;
  v_changed boolean;
  v_error_before text;
begin
  v_payment := lock_payment((select payment_id from refunds where id = p_refund));
  select * into v_refund from refunds where id = p_refund for update;
  if v_refund.id is null then return false; end if;
  v_error_before := v_refund.error;
  v_changed := (v_refund.status, p_status) in (('pending', 'succeeded'), ('pending', 'failed'), ('succeeded', 'failed'))
    or (v_refund.status = 'failed' and v_refund.error = 'superseded' and p_status = 'succeeded');
  if not v_changed and not (v_refund.status = 'pending' and p_status = 'pending') then return false; end if;

  update refunds set status = p_status, provider_refund_id = coalesce(provider_refund_id, p_provider_refund_id),
         error = case p_status when 'succeeded' then null else p_error end, note = coalesce(p_note, note),
         succeeded_at = case when p_status = 'succeeded' then clock_timestamp() end,
         -- A superseded order whose place others have taken: it was the provider that gave it back all the same.
         given_by = case when v_refund.status = 'failed' and v_payment.refund_ordered + amount > v_payment.amount
                      then 'provider' else given_by end
   where id = p_refund returning * into v_refund;
  if not v_changed then
    if v_refund.error is distinct from v_error_before then perform ring_running_actor(v_payment.reservation_id); end if;
    return false;
  end if;

  if p_status = 'failed' and p_error is distinct from 'superseded' then
    -- The test provider has the money again.
    delete from test_provider.refunds where v_refund.given_by = 'test' and idempotency_key = coalesce(v_refund.provider_key, v_refund.id::text);
    perform add_note('refund_failed', v_payment.reservation_id, v_payment.reference,
      refund_facts(v_refund, v_payment) || jsonb_build_object('error', p_error));
  end if;
  insert into history (reservation_id, type, actor, data)
  select id, 'refund.' || p_status, p_actor,
         refund_facts(v_refund, v_payment) || case p_status when 'failed' then jsonb_build_object('error', p_error) else '{}' end
    from reservations where id = v_payment.reservation_id;
  if p_wake and v_refund.given_by in ('stripe', 'test') then
    insert into outbox (kind, subject, sequence) values ('refund_order', p_refund::text, 1);
  end if;
  if p_status = 'succeeded' then perform send_refund_mail(p_refund); end if;
  if v_refund.given_by = 'provider' and p_status = 'succeeded' then
    perform supersede_refunds(v_payment.id, p_actor);
  end if;
  perform note_refund_excess(v_payment.id);
  perform ring_running_actor(v_payment.reservation_id);
  return true;
end $$;
