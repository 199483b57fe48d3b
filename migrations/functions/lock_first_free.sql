-- Locks, for each wish, the seats of the first of its choices that are all free and that nobody else is taking; those
-- which somebody is taking are passed over without a wait. Before the seats come the locks that `hold_order` takes
-- before them, so the caller calls it next, in the same transaction.
--
-- p_wishes: [{allotment, choices: [[[slug, label], …], …]}, …]. Returns the number of the choice of each wish, from 1;
-- null when a wish has none. What else was locked is let go with the transaction.
create or replace function lock_first_free(p_buyer_key bytea, p_code text, p_wishes jsonb) returns bigint[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_code codes;
  v_wish jsonb;
  v_choice record;
  v_found bigint;
  v_locked bigint[] := '{}';
begin
  if p_buyer_key is not null then perform pg_advisory_xact_lock(1, hashtext(encode(p_buyer_key, 'hex'))); end if;
  if p_code is not null then
    select * into v_code from codes where code = p_code for share;
    if v_code.max_uses is not null then perform lock_free_use(v_code.id, v_code.max_uses); end if;
  end if;
  for v_wish in select wish from jsonb_array_elements(p_wishes) with ordinality each (wish, n) order by n loop
    v_found := null;
    for v_choice in
      select n, array(select event_id_of(seat ->> 0) from jsonb_array_elements(choice) seat) as events,
             array(select seat ->> 1 from jsonb_array_elements(choice) seat) as labels
        from jsonb_array_elements(v_wish -> 'choices') with ordinality each (choice, n) order by n
    loop
      if (select count(*) from (
          select from unnest(v_choice.events, v_choice.labels) asked (event_id, label)
            join seats s on s.event_id = asked.event_id and s.label = asked.label
           where seat_is_free_for((v_wish ->> 'allotment')::uuid, s.status, s.hold_ends_at, s.allotment_id, s.allotment_until)
           order by s.id for update of s skip locked) free) = cardinality(v_choice.labels) then
        v_found := v_choice.n;
        exit;
      end if;
    end loop;
    if v_found is null then return null; end if;
    v_locked := v_locked || v_found;
  end loop;
  return v_locked;
end $$;
