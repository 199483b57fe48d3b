-- Locks a reservation in the global lock order: its claims, then its row. Returns the row with the status of this moment
-- and whether each of its claims is still its own or can be taken again; no row where there is none of this id.
create or replace function lock_reservation(p_id text) returns table (
  id text, revision integer, written_status text, status text, total bigint, currency text, confirmed_by text, erased boolean,
  cancel_requested boolean, cancel_refund bigint, event_started boolean, has_changes boolean, claims_obtainable boolean
) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_obtainable boolean;
begin
  -- One that commits from here on is not known, because its claims may not be locked.
  if not exists (select from reservations r where r.id = p_id) then return; end if;
  v_obtainable := change_claims('lock', p_id);
  return query
    select r.id, r.revision, r.status, status_now(r.status, r.hold_ends_at, r.paid_in_time_at), r.total, r.currency, r.confirmed_by,
           r.erased_at is not null, r.cancel_requested_at is not null, r.cancel_refund,
           (select min(starts_at) <= clock_timestamp() from events
             where events.id = any (coalesce(r.event_ids, array[r.event_id]))),
           exists (select from changes where reservation_id = p_id), v_obtainable
      from reservations r where r.id = p_id for update;
end $$;
