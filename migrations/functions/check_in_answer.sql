-- The answer to a scan: see `check_in`. The holder is read at each answer, because the buyer may have been erased.
create or replace function check_in_answer(p_scan scans) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', p_scan.outcome, 'at', rfc3339(p_scan.entered_at), 'gate', p_scan.gate)
    || coalesce((select ticket_document(p_scan.ticket_id)), '{}')
    || case when p_scan.outcome = 'ticket_void' then void_document(p_scan.ticket_id) else '{}' end
$$;
