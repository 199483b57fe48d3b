create or replace function history_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'history is append-only' using errcode = 'restrict_violation', constraint = 'history_append_only';
end $$;
