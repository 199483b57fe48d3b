-- Locks a use of a code that is free, or whose hold has ended. Uses that other transactions are taking are passed over.
-- Only if there is no other, and fewer than all are taken by commits, the call waits for one of them, because a rollback
-- gives it back. A use that was taken meanwhile is unlocked at once (the subtransaction is rolled back): a transaction
-- that kept such locks while it waits for the next use could deadlock with one that keeps them in another order.
-- Returns its number; null when every use is taken.
create or replace function lock_free_use(p_code uuid, p_uses integer) returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_number integer;
begin
  for attempt in 1..1000 loop
    select number into v_number from code_uses
     where code_id = p_code and status <> 'used' and (status = 'free' or hold_ends_at <= clock_timestamp())
     order by number limit 1 for update skip locked;
    if found then return v_number; end if;
    if (select count(*) from code_uses where code_id = p_code
         and (status = 'used' or (status = 'held' and hold_ends_at > clock_timestamp()))) >= p_uses then return null; end if;
    select number into v_number from code_uses
     where code_id = p_code and status <> 'used' and (status = 'free' or hold_ends_at <= clock_timestamp())
     order by random() limit 1;
    continue when not found;
    begin
      perform from code_uses where code_id = p_code and number = v_number
         and (status = 'free' or hold_ends_at <= clock_timestamp()) for update;
      if found then return v_number; end if;
      raise exception using errcode = 'HF001';
    exception when sqlstate 'HF001' then null;
    end;
  end loop;
  return null;
end $$;
