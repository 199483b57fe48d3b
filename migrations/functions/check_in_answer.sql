-- What a scan is answered: see `check_in`. The holder is read now: the buyer may have been erased since.
create or replace function check_in_answer(p_scan scans) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', p_scan.outcome, 'at', rfc3339(p_scan.entered_at), 'gate', p_scan.gate)
    || coalesce((select ticket_document(p_scan.ticket_id)), '{}')
$$;
