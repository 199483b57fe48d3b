-- Records the events that arrived before the event of their payment, in the order of their arrival. The caller holds the
-- locks of the payment's reservation and reference.
create or replace function hear_early_events(p_reference text) returns void language plpgsql as $$
declare
  v_event early_events;
begin
  for v_event in
    with heard as (delete from early_events where payment_references @> array[p_reference] returning *)
    select * from heard order by id
  loop
    case v_event.kind
      when 'refund' then
        perform record_provider_refund(v_event.payment_references, v_event.told->>'providerRefundId', (v_event.told->>'refundId')::uuid,
          (v_event.told->>'amount')::bigint, v_event.told->>'currency', v_event.told->>'status', v_event.told->>'error', v_event.actor);
      when 'refunded_total' then
        perform record_refunded_total(v_event.payment_references, (v_event.told->>'amount')::bigint, v_event.told->>'currency', v_event.actor);
      when 'dispute' then
        perform record_dispute(v_event.payment_references, v_event.told->>'id', (v_event.told->>'amount')::bigint,
          v_event.told->>'status', v_event.actor);
    end case;
  end loop;
end $$;
