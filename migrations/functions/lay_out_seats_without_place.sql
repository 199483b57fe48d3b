-- Release 1.0, while it runs beside this one, makes seats without place and rank.
create or replace function lay_out_seats_without_place() returns trigger language plpgsql as $$
begin
  perform lay_out_seats(event_id) from (select distinct event_id from made where rank is null) event;
  return null;
end $$;
