-- The use of a code that a reservation claims: see `change_claims`. A code without a limit has no rows. Which of the
-- code's uses it is does not matter, so another one is as good when its own was taken after the hold had ended.
create or replace function change_code_claims(p_verb text, p_reservation text, p_until timestamptz default null)
returns boolean language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_code uuid;
  v_uses integer;
  v_number integer;
begin
  select k.id, k.max_uses into v_code, v_uses
    from reservations r join codes k on k.id = r.code_id where r.id = p_reservation;
  if v_uses is null then return true; end if;
  case p_verb
    when 'lock' then
      perform from code_uses where reservation_id = p_reservation for update;
      if found then return true; end if;
      -- While it waited, the limit may have been lifted, and the rows with it.
      select k.max_uses into v_uses from codes k where k.id = v_code;
      return v_uses is null or lock_free_use(v_code, v_uses) is not null;
    when 'pin' then
      update code_uses set hold_ends_at = 'infinity' where reservation_id = p_reservation and status = 'held';
    when 'unpin' then
      update code_uses set hold_ends_at = p_until where reservation_id = p_reservation and status = 'held';
    when 'extend' then
      update code_uses set hold_ends_at = p_until where reservation_id = p_reservation and status = 'held' and hold_ends_at <> 'infinity';
    when 'release' then
      update code_uses set status = 'free', reservation_id = null, hold_ends_at = null where reservation_id = p_reservation;
    when 'retake' then
      if exists (select from code_uses where reservation_id = p_reservation) then return true; end if;
      v_number := lock_free_use(v_code, v_uses);
      if v_number is null then return false; end if;
      update code_uses set status = 'held', reservation_id = p_reservation, hold_ends_at = 'infinity'
       where code_id = v_code and number = v_number;
    when 'sell' then
      update code_uses set status = 'used', hold_ends_at = null where reservation_id = p_reservation;
      if found then return true; end if;
      v_number := lock_free_use(v_code, v_uses);
      update code_uses set status = 'used', reservation_id = p_reservation, hold_ends_at = null
       where code_id = v_code and number = v_number;
      return found;
  end case;
  return true;
end $$;
