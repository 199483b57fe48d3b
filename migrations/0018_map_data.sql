-- Up Migration

-- Where a seat is, so that its neighbours are found without a guess: `row_order` numbers the rows of an event from 0, in
-- the order of the map; `number` is the place in the row, aisles counted. Neighbours have one row and numbers that
-- differ by one. A general admission place has the row of its section, and no number.
-- `rank` is the order of choice, the lowest first; seats of one rank by id (src/domain/seat-rank.ts).
-- `x` and `y` are the house's own coordinates; null: the map is laid out from the rows.
alter table seats
  add column row_order integer constraint seats_row_order_not_negative check (row_order >= 0),
  add column rank integer,
  add column x double precision,
  add column y double precision,
  add column accessible boolean not null default false,
  add column companion boolean not null default false,
  -- Not for sale any more: nobody can take it; who holds or has it keeps it.
  add column active boolean not null default true,
  add constraint seats_coordinates_together check ((x is null) = (y is null)) not valid,
  add constraint seats_accessible_or_companion check (not (accessible and companion)) not valid;

-- As a hold without coordinates was chosen so far: row by row, in each from the middle. Of events to come; of a past one
-- that is put off, the edit does it (migrations/functions/lay_out_seats.sql).
with row_of as (
  select id, event_id, number, (sum(starts) over (partition by event_id order by id) - 1)::integer as row_order
    from (select s.id, s.event_id, s.number,
                 (lag(s.section) over map is distinct from s.section or lag(s.row_name) over map is distinct from s.row_name
                  or coalesce(s.number <= lag(s.number) over map, false))::integer as starts
            from seats s join events e on e.id = s.event_id where e.starts_at > now()
          window map as (partition by s.event_id order by s.id)) seat)
update seats s set row_order = placed.row_order, rank = placed.rank
  from (select id, row_order, row_order * 1024
               + least(coalesce(abs(2 * number - min(number) over in_row - max(number) over in_row), 0), 1023) as rank
          from row_of window in_row as (partition by event_id, row_order)) placed
 where s.id = placed.id;

create unique index seats_in_place on seats (event_id, row_order, number) where number is not null;

-- Release 1.0 makes seats without place and rank. Of what it does: migrations/functions/lay_out_seats_without_place.sql.
create or replace function lay_out_seats_without_place() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger seats_get_a_place after insert on seats
  referencing new table as made for each statement execute function lay_out_seats_without_place();

alter table events
  -- An orphan is a free seat alone between taken ones, an aisle or the row's end.
  add column orphan_rule text not null default 'off'
    constraint events_orphan_rule_known check (orphan_rule in ('off', 'prefer', 'forbid')),
  -- {x, y}: the best place; null: the middle of the first row.
  add column focal_point jsonb constraint events_focal_point_is_an_object check (jsonb_typeof(focal_point) = 'object'),
  add column sales_paused boolean not null default false;

-- Not for sale any more; who holds or has a seat of it keeps it.
alter table price_categories add column active boolean not null default true;

-- Refund terms that were replaced, so that a sale keeps those of its hold (migrations/functions/refund_terms_at.sql).
create table replaced_refund_terms (
  event_id uuid not null references events (id),
  revision integer not null,
  -- null: in full.
  terms jsonb,
  replaced_at timestamptz not null default clock_timestamp(),
  primary key (event_id, revision)
);

-- A new time or place that ticket holders are told of, mail by mail, in the order of their reservations.
create table event_notices (
  id integer primary key generated always as identity,
  event_id uuid not null references events (id),
  -- What it was: {name, venue, startsAt, timeZone}.
  was jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  -- The reservation that was looked at last.
  after_at timestamptz not null default '-infinity',
  after_id text collate "C" not null default '',
  done_at timestamptz
);
create index event_notices_open on event_notices (id) where done_at is null;

alter table mails
  add column notice_id integer constraint mails_notice_exists references event_notices (id),
  drop constraint mails_kind_known,
  add constraint mails_kind_known check (kind in ('tickets', 'late_payment_refund', 'refund', 'cancelled', 'event_changed')) not valid,
  add constraint mails_notice_is_named check ((kind = 'event_changed') = (notice_id is not null)) not valid,
  -- So `mails_one_per_occasion` allows one mail for each notice.
  add constraint mails_of_a_notice_are_numbered_by_it check (sequence = notice_id) not valid;
create index mails_by_notice on mails (notice_id, reservation_id) where notice_id is not null;
