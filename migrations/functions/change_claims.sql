-- What a reservation claims, taken through one step of its life. Each kind of claim is one function and one line here,
-- in the lock order of the whole system; `hold_seats` takes them first.
--
-- p_verb: `lock`    locks the claims; true when each of them is the reservation's own or can be had
--         `pin`     nobody else may take them: it was paid for in time
--         `unpin`   it was not: they are held until p_until, as before
--         `extend`  they are held until p_until
--         `release` they are given back
--         `retake`  they are taken again, from a hold that is over if need be (after `lock` said that they can be had)
--         `sell`    they are sold
-- Returns whether the step was possible for every claim.
create or replace function change_claims(p_verb text, p_reservation text, p_until timestamptz default null)
returns boolean language plpgsql as $$
begin
  return change_seat_claims(p_verb, p_reservation, p_until);
end $$;
