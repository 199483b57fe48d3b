-- The seats that a hold of these would leave alone: see `orphans_left_after`; a hold gives nothing back.
create or replace function orphans_left_by(p_seats bigint[], p_judged bigint[], p_named uuid[]) returns bigint[]
language sql as $$
  select orphans_left_after(p_seats, p_judged, p_named, '{}')
$$;
