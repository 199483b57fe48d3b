-- Whether a seat of a reservation counts for its buyer: it has the seat, or an open quote of it would take it.
create or replace function counts_for_buyer(p_allocation allocations) returns boolean language sql stable as $$
  select (p_allocation).released_at is null
     and ((p_allocation).until_revision is null
       or exists (select from changes c where c.id = (p_allocation).change_id and change_is_open(c)))
$$;
