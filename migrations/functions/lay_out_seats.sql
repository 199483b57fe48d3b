-- Gives the seats of an event their rows and ranks, as src/domain/seat-rank.ts does where there is no focal point: of
-- seats that release 1.0 made, in the order in which it made them.
create or replace function lay_out_seats(p_event uuid) returns void language sql as $$
  with row_of as (
    select id, number, (sum(starts) over (order by id) - 1)::integer as row_order
      from (select id, number,
                   (lag(section) over map is distinct from section or lag(row_name) over map is distinct from row_name
                    or coalesce(number <= lag(number) over map, false))::integer as starts
              from seats where event_id = p_event window map as (order by id)) seat)
  update seats s set row_order = placed.row_order, rank = placed.rank
    from (select id, row_order, row_order * 1024
                 + least(coalesce(abs(2 * number - min(number) over in_row - max(number) over in_row), 0), 1023) as rank
            from row_of window in_row as (partition by row_order)) placed
   where s.id = placed.id and (s.row_order, s.rank) is distinct from (placed.row_order, placed.rank)
$$;
