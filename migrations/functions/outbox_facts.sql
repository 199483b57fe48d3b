-- What Temporal shows of an entry of the outbox: ids, references, amounts and what happened; nothing personal.
-- `reservation` is absent if there is none of that id. `news` of a ring: what the history got in the transaction that
-- ordered it (an entry is written within the second), and since then. Of an entry that cannot be read it knows nothing:
-- it stays Temporal's to refuse, and the others of its batch go on.
create or replace function outbox_facts(p_kind text, p_subject text, p_sequence integer, p_ordered_at timestamptz)
returns jsonb language plpgsql stable as $$
declare
  v_reservation text;
  v_facts jsonb := '{}';
begin
  case p_kind
    when 'refund_order' then
      select p.reservation_id, refund_facts(f, p) into v_reservation, v_facts
        from refunds f join payments p on p.id = f.payment_id where f.id = p_subject::uuid;
    when 'refund' then
      select p.reservation_id, jsonb_build_object('payment', p.id::text, 'reference', p.reference) into v_reservation, v_facts
        from payments p where p.reference = p_subject order by p.proven_by nulls last, p.id limit 1;
    when 'change' then
      select c.reservation_id into v_reservation from changes c where c.id = p_subject::uuid;
    when 'webhooks' then
      -- An endpoint is no reservation's.
      null;
    when 'mail' then
      select m.reservation_id, jsonb_build_object('mail', m.id::text, 'mailKind', m.kind) into v_reservation, v_facts
        from mails m where m.id = p_subject::bigint;
    when 'print' then
      select d.reservation_id, jsonb_build_object('print', d.print_id::text) into v_reservation, v_facts
        from ticket_documents d where d.reservation_id = p_subject;
    when 'resend' then
      select m.reservation_id, jsonb_build_object('mail', m.id::text, 'mailKind', m.kind) into v_reservation, v_facts
        from mails m where m.reservation_id = p_subject and m.kind = 'tickets' and m.sequence = p_sequence;
    when 'ring' then
      v_reservation := p_subject;
      v_facts := jsonb_build_object('news', coalesce((
        select jsonb_agg(jsonb_build_object('type', h.type, 'actor', h.actor, 'data', h.data) order by h.id)
          from (select id, type, actor, data from history
                 where reservation_id = p_subject and at > p_ordered_at - interval '1 second'
                   and type <> 'reservation.held' and type not like 'ticket%'
                 order by id desc limit 3) h), '[]'));
    else
      v_reservation := p_subject;
  end case;
  return coalesce(v_facts, '{}') || coalesce((
    select jsonb_build_object('reservation', r.id, 'events', (
             select jsonb_agg(e.slug order by of.n)
               from unnest(coalesce(r.event_ids, array[r.event_id])) with ordinality as of (id, n) join events e on e.id = of.id))
      from reservations r where r.id = v_reservation), '{}');
exception when others then
  return '{}';
end $$;
