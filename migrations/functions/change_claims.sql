-- Changes what a reservation claims by one step of its life. Each kind of claim has one function
-- and one line here, in the lock order of the whole system; `hold_order` takes the claims first.
--
-- p_verb: `lock`    locks the claims; true when each is the reservation's own or can be taken
--         `pin`     holds the claims without an end: the payment arrived in time
--         `unpin`   holds the claims until p_until again: the payment does not count
--         `extend`  holds the claims until p_until
--         `release` releases the claims
--         `retake`  takes the claims again, from an expired hold if necessary (after `lock` returned true)
--         `sell`    sells the claims
-- Whoever locks the claims of a reservation waits first for whoever changes which they are.
-- Returns whether the step was possible for every claim.
create or replace function change_claims(p_verb text, p_reservation text, p_until timestamptz default null)
returns boolean language plpgsql as $$
declare
  v_possible boolean;
begin
  if p_verb = 'lock' then perform pg_advisory_xact_lock(2, hashtext(p_reservation)); end if;
  v_possible := change_code_claims(p_verb, p_reservation, p_until);
  return change_seat_claims(p_verb, p_reservation, p_until) and v_possible;
end $$;
