-- The id of an event that is named by its slug or its id; null when there is none.
create or replace function event_id_of(p_name text) returns uuid language plpgsql stable parallel safe as $$
begin
  return coalesce(
    (select id from events where slug = p_name),
    (select id from events
      where id = case when p_name ~ '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_name::uuid end));
end $$;
