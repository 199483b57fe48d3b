-- Gives the next numbers of the feed to what the history has new, and wakes the webhook endpoints that are told of it.
-- Whoever holds the head writes; another writer that runs meanwhile does nothing.
--
-- Ids of the history are taken before the commit, so they appear out of order. What is seen above the last id looked at
-- is numbered; ids that are missing in between are gaps, each looked at until its transaction has ended. So an open
-- transaction delays its own rows alone.
-- p_most: rows at once. p_all: look at the doubtful gaps too, whose transactions have ended. An id is taken a moment
-- before its transaction gets its xid; so a gap is given up an hour later only, far beyond the time limit of a statement.
-- Returns how many rows were numbered; null when another writer holds the head.
create or replace function number_history(p_most integer, p_all boolean) returns integer
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_head feed_head;
  v_now timestamptz;
  v_fresh bigint[];
  v_late bigint[];
  v_ids bigint[];
  v_before xid8;
  v_ended xid8;
begin
  select * into v_head from feed_head for update skip locked;
  if not found then return null; end if;
  v_now := clock_timestamp();

  select array_agg(id order by id), pg_snapshot_xmax(pg_current_snapshot()) into v_fresh, v_before
    from (select id from history where id > v_head.looked_to order by id limit p_most) fresh;
  -- By a later snapshot: what was committed before something above is seen here.
  select array_agg(id order by id), pg_snapshot_xmin(pg_current_snapshot()) into v_late, v_ended
    from (select h.id
            from (select * from feed_gaps where not doubtful union all select * from feed_gaps where doubtful and p_all) g
           cross join lateral (select id from history where id between g.first_id and g.last_id order by id limit p_most) h
           order by h.id limit p_most) late;
  if cardinality(v_late) = p_most then
    -- The rest of what is late comes first.
    v_fresh := null;
  else
    update feed_gaps set doubtful = true where not doubtful and before_xid <= v_ended;
  end if;
  if p_all then
    delete from feed_gaps where doubtful and noted_at < v_now - interval '1 hour'
      and not exists (select from unnest(v_late) id where id between first_id and last_id);
    -- Of another cluster, from which the database was copied, transactions have other numbers.
    delete from feed_gaps where noted_at < v_now - interval '1 day';
  end if;
  if v_late is null and v_fresh is null then return 0; end if;

  if v_late is not null then
    with filled as (
      delete from feed_gaps where exists (select from unnest(v_late) id where id between first_id and last_id) returning *)
    insert into feed_gaps (first_id, last_id, before_xid, noted_at, doubtful)
    select after + 1, id - 1, before_xid, noted_at, doubtful from filled cross join lateral (
        select id, lag(id, 1, first_id - 1) over (order by id) as after from unnest(v_late || (last_id + 1)) id
         where id between first_id and last_id + 1) part
     where id > after + 1;
  end if;
  insert into feed_gaps (first_id, last_id, before_xid)
  select after + 1, id - 1, v_before
    from (select id, lag(id, 1, v_head.looked_to) over (order by id) as after from unnest(v_fresh) id) part
   where id > after + 1;

  v_ids := coalesce(v_late, '{}') || coalesce(v_fresh, '{}');
  insert into feed (sequence, history_id, numbered_at, client, for_all, revision, mark)
  select v_head.sequence + n, h.id, v_now,
         case when h.reservation_id is not null then r.client when h.type like 'allotment.%' then h.data ->> 'client' end,
         h.type like 'event.%', case when jsonb_typeof(h.data -> 'revision') = 'number' then (h.data -> 'revision')::integer
              else coalesce(r.revision, (select revision from events where id = h.event_id)) end,
         floor(random() * 4294967296 - 2147483648)::integer
    -- Row by row by their keys, whatever the statistics say (`offset 0`).
    from unnest(v_ids) with ordinality taken (id, n)
   cross join lateral (select * from history where id = taken.id offset 0) h
    left join lateral (select client, revision from reservations where id = h.reservation_id offset 0) r on true;
  update feed_head set sequence = v_head.sequence + cardinality(v_ids),
         mark = (select mark from feed where sequence = v_head.sequence + cardinality(v_ids)),
         looked_to = coalesce(v_fresh[cardinality(v_fresh)], v_head.looked_to);

  with woken as (
    update webhook_endpoints e set asleep = false where asleep and status = 'enabled'
       and exists (select from feed f cross join lateral (select type from history where id = f.history_id offset 0) h
                    where f.sequence > v_head.sequence and (e.sees_all or f.for_all or f.client = e.client)
                      and (e.types is null or history_type(h.type) = any (e.types)))
    returning id)
  insert into outbox (kind, subject) select 'webhooks', id::text from woken;
  return cardinality(v_ids);
end $$;
