-- Up Migration

-- Double entries, written by triggers in the transaction of what they tell of; the lines of one posting add up to 0.
-- A debit is positive. What is sold and owed is a credit, so negative.
--
-- Lines refer to what they are about without foreign keys: nothing of it is ever deleted, a payment may come before its
-- reservation, and a confirmation would lock each row that it names.
create sequence ledger_postings;
create table ledger (
  id bigint generated always as identity primary key,
  -- One time for all lines of a posting, so that every moment adds up.
  at timestamptz not null default clock_timestamp(),
  posting bigint not null,
  -- cash: what providers and clients hold for us. disputed: what open disputes took of it.
  -- customers: what we owe buyers; negative: paid and not (yet) for a sale.
  -- tickets: list prices. discounts: what was taken off them. fees. tax: included in the prices or not;
  -- included_tax: the part of it that is in tickets and fees. retained: kept of, or given back beyond, what is sold.
  account text not null constraint ledger_account_known check (account in (
    'cash', 'disputed', 'customers', 'tickets', 'discounts', 'fees', 'tax', 'included_tax', 'retained')),
  amount bigint not null,
  currency text not null,
  -- null: of a payment whose reservation is not known yet.
  event_id uuid,
  reservation_id text collate "C" not null,
  payment_id bigint,
  refund_id uuid,
  dispute_id text collate "C",
  category text,
  price_type text,
  -- Of a fee.
  code text,
  -- Of tickets: seats that were sold, or given back (negative).
  quantity integer,
  constraint ledger_quantity_of_tickets check ((quantity is not null) = (account = 'tickets')),
  constraint ledger_code_of_fees check ((code is not null) = (account = 'fees'))
);
create index ledger_by_reservation on ledger (reservation_id);
create index ledger_by_event on ledger (event_id, at);

-- The functions come from their files right after this; until then what needs them fails and is tried again.
create function ledger_is_append_only() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;
create function posting_adds_up() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;
create function post_payment() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;
create function post_refund() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;
create function post_dispute() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;
create function post_changed_sale() returns trigger language plpgsql as $$ begin raise 'not migrated yet' using errcode = '40001'; end $$;

create trigger ledger_append_only before update or delete on ledger
  for each row execute function ledger_is_append_only();
create trigger ledger_no_truncate before truncate on ledger
  for each statement execute function ledger_is_append_only();
create trigger payments_posted after insert on payments
  for each row when (new.role <> 'unmatched') execute function post_payment();
create trigger payments_posted_again after update of amount, currency, role on payments
  for each row when ((old.amount, old.currency, old.role = 'unmatched') is distinct from (new.amount, new.currency, new.role = 'unmatched'))
  execute function post_payment();
create trigger refunds_posted after insert or update of status, amount on refunds
  for each row execute function post_refund();
create trigger disputes_posted after insert or update of status, amount on disputes
  for each row execute function post_dispute();
-- At the commit, when seats, refunds and the reservation are what they will be.
create constraint trigger reservations_sale_posted after insert or update of status, revision, total on reservations
  deferrable initially deferred for each row when (new.confirmed_at is not null) execute function post_changed_sale();
create constraint trigger refunds_sale_posted after insert or update of status, amount on refunds
  deferrable initially deferred for each row execute function post_changed_sale();
create constraint trigger disputes_sale_posted after insert or update of status, amount on disputes
  deferrable initially deferred for each row execute function post_changed_sale();

-- What happened before, at the time when it did. First what each event of an order of several costs: its money is shared
-- over them as `ledger_shares` does.
create temporary table old_sale on commit drop as
select r.id as reservation_id, line.* from reservations r, lateral (
  select s.event_id, 'tickets' as account, s.category_code as category, a.price_type, null as code,
         -sum(a.price + a.discount)::bigint as amount, count(*)::integer as quantity
    from allocations a join seats s on s.id = a.seat_id
   where a.reservation_id = r.id and a.until_revision is null group by s.event_id, s.category_code, a.price_type
  union all
  select s.event_id, 'discounts', s.category_code, a.price_type, null, sum(a.discount)::bigint, null
    from allocations a join seats s on s.id = a.seat_id
   where a.reservation_id = r.id and a.until_revision is null and a.discount > 0 group by s.event_id, s.category_code, a.price_type
  union all
  select e.id, 'fees', null, null, fee ->> 'code', -(fee ->> 'amount')::bigint, null
    from jsonb_array_elements(r.fees) fee join events e on e.slug = fee ->> 'event'
  union all
  select e.id, side.account, null, null, null, side.sign * (tax ->> 'amount')::bigint, null
    from jsonb_array_elements(r.taxes) tax join events e on e.slug = tax ->> 'event',
      lateral (values ('tax', -1), (case when tax -> 'included' = 'true' then 'included_tax' end, 1)) side (account, sign)
   where side.account is not null) line
 where r.confirmed_at is not null or r.id in (select reservation_id from payments);

create temporary table old_share on commit drop as
with costs as (
  select r.id, events.event_id, events.n,
         coalesce((select -sum(amount) from old_sale o where o.reservation_id = r.id and o.event_id = events.event_id), 0) as cost
    from reservations r, unnest(r.event_ids) with ordinality events (event_id, n)),
weights as (
  select id, event_id, n, case when sum(cost) over (partition by id) = 0 then (n = 1)::integer else cost end as weight from costs)
select id as reservation_id, event_id, sum(weight) over up_to - weight as before, sum(weight) over up_to as after,
       sum(weight) over (partition by id) as whole
  from weights window up_to as (partition by id order by n)
union all
select id, event_id, 0, 1, 1 from reservations where event_ids is null;
create index on old_share (reservation_id);
analyze old_share;

-- Money: of each posting the account that is debited and the one that is credited.
with told as (
  select received_at as at, 'cash' as debit, 'customers' as credit, amount, id as payment_id, null::uuid as refund_id, null as dispute_id
    from payments
  union all
  select succeeded_at, 'customers', 'cash', amount, payment_id, id, null from refunds where status = 'succeeded'
  union all
  select opened_at, 'disputed', 'cash', amount, payment_id, null, id from disputes
  union all
  select closed_at, case status when 'won' then 'cash' else 'customers' end, 'disputed', amount, payment_id, null, id
    from disputes where status <> 'open'),
numbered as materialized (
  select nextval('ledger_postings') as posting, told.*, p.currency, p.reservation_id
    from told join payments p on p.id = told.payment_id where p.role <> 'unmatched')
insert into ledger (posting, at, account, amount, currency, event_id, reservation_id, payment_id, refund_id, dispute_id)
select m.posting, m.at, side.account, side.sign * part.amount, m.currency, s.event_id, m.reservation_id, m.payment_id, m.refund_id, m.dispute_id
  from numbered m left join old_share s using (reservation_id),
    lateral (select coalesce(div(m.amount * s.after, s.whole) - div(m.amount * s.before, s.whole), m.amount)::bigint as amount) part,
    lateral (values (m.debit, 1), (m.credit, -1)) side (account, sign)
 where part.amount <> 0 order by m.at, m.posting;

-- Sales, when they were confirmed; the reverse, when they were cancelled; and what is kept beyond what is sold.
with kept as (
  select p.reservation_id, sum(p.amount - coalesce(f.amount, 0) - coalesce(d.amount, 0)) as amount, greatest(max(f.at), max(d.at)) as at
    from payments p
    left join (select payment_id, sum(amount) as amount, max(created_at) as at from refunds where status <> 'failed' group by 1) f on f.payment_id = p.id
    left join (select payment_id, sum(amount) as amount, max(closed_at) as at from disputes where status = 'lost' group by 1) d on d.payment_id = p.id
   where p.role = 'confirming' group by p.reservation_id),
postings as materialized (
  select nextval('ledger_postings') as posting, step.*, r.id as reservation_id, r.currency
    from reservations r left join kept on kept.reservation_id = r.id,
      lateral (
        select 'sold' as step, r.confirmed_at as at, null::numeric as kept
        union all select 'undone', r.ended_at, null where r.status = 'cancelled'
        union all select 'kept', coalesce(r.ended_at, kept.at, r.confirmed_at),
                         coalesce(kept.amount, 0) - case r.status when 'confirmed' then r.total else 0 end) step
   where r.confirmed_at is not null and step.kept is distinct from 0),
lines as materialized (
  select p.posting, p.at, p.reservation_id, p.currency, o.event_id, o.account, o.category, o.price_type, o.code,
         case p.step when 'sold' then o.amount else -o.amount end as amount, case p.step when 'sold' then o.quantity else -o.quantity end as quantity
    from postings p join old_sale o using (reservation_id) where p.step in ('sold', 'undone')
  union all
  select p.posting, p.at, p.reservation_id, p.currency, s.event_id, 'retained', null, null, null,
         (div(p.kept * s.before, s.whole) - div(p.kept * s.after, s.whole))::bigint, null
    from postings p join old_share s using (reservation_id) where p.step = 'kept')
insert into ledger (posting, at, reservation_id, currency, event_id, account, category, price_type, code, amount, quantity)
select * from lines where amount <> 0 or quantity <> 0
union all
select posting, at, reservation_id, currency, event_id, 'customers', null, null, null, -sum(amount)::bigint, null
  from lines group by posting, at, reservation_id, currency, event_id having sum(amount) <> 0;

create trigger ledger_adds_up after insert on ledger referencing new table as posted
  for each statement execute function posting_adds_up();
