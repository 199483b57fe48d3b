-- The last number of the feed that was given up to a time; of those that are kept the one before the first, if there is
-- none. Numbers have no gaps and times grow with them, so a few looks are enough.
create or replace function feed_place_at(p_at timestamptz) returns bigint language plpgsql stable as $$
declare
  v_low bigint;
  v_high bigint;
  v_middle bigint;
begin
  select truncated_to, sequence into v_low, v_high from feed_head;
  while v_low < v_high loop
    v_middle := (v_low + v_high + 1) / 2;
    if (select numbered_at from feed where sequence = v_middle) <= p_at then v_low := v_middle;
    else v_high := v_middle - 1; end if;
  end loop;
  return v_low;
end $$;
