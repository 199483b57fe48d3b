-- The lines of a posting are written by one statement, so they add up when it ends; those of each event by themselves.
create or replace function posting_adds_up() returns trigger language plpgsql as $$
declare
  v_posting bigint := (select posting from posted group by posting, currency, event_id having sum(amount) <> 0 limit 1);
begin
  if v_posting is not null then
    raise exception 'the lines of posting % do not add up to 0', v_posting
      using errcode = 'integrity_constraint_violation', constraint = 'ledger_adds_up';
  end if;
  return null;
end $$;
