import { sql, type Database, type Queryable } from '../product';
import { planOrders, type PlannedOrder } from './orders';

const PLAN = [
  `create unlogged table plan (i integer primary key, kind text, id text, reference text, events uuid[], fees jsonb, taxes jsonb,
     total bigint, code text, use integer, back bigint, created timestamptz, decided timestamptz, ended timestamptz, hold_ends timestamptz)`,
  `create unlogged table planned_seats (i integer, n integer, label text, event text, category text, type text, price bigint, discount bigint)`,
];
const FORGET_PLAN = ['drop table plan, planned_seats'];

const EVENTS = [
  `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation, pricing)
     select slug, 'Filled', now() + interval '1 year', 'UTC', 'EUR', 10, pricing
       from jsonb_to_recordset($1::jsonb -> 'events') as e (slug text, pricing jsonb)`,
  `insert into price_categories (event_id, code, name, price, ordinal)
     select e.id, c.code, c.name, c.price, c.n
       from events e, jsonb_to_recordset($1::jsonb -> 'events') as planned (slug text),
         rows from (jsonb_to_recordset($1::jsonb -> 'categories') as (code text, name text, price bigint)) with ordinality c (code, name, price, n)
      where e.slug = planned.slug`,
  `insert into codes (code, percent, amount, currency, categories, max_uses)
     select code, percent, amount, case when amount is not null then 'EUR' end, categories, uses
       from jsonb_to_recordset($1::jsonb -> 'codes') as k (code text, percent numeric, amount bigint, categories text[], uses integer)`,
];
const ORDERS = [
  `insert into plan
     select i, kind, id, reference, array(select e.id from unnest(o.events) with ordinality named (slug, n) join events e using (slug) order by n),
            fees, taxes, total, code, use, back, now() - interval '3 hours', now() - interval '2 hours', now() - interval '1 hour',
            case kind when 'held' then now() + interval '1 hour' else now() - interval '2 hours' end
       from jsonb_to_recordset($1::jsonb) as o (i integer, kind text, id text, reference text, events text[], fees jsonb, taxes jsonb,
                                                total bigint, code text, use integer, back bigint)`,
  `insert into planned_seats
     select o.i, row_number() over (partition by o.i order by s.n), s.label, s.event, s.category, s.type, s.price, s.discount
       from jsonb_to_recordset($1::jsonb) as o (i integer, seats jsonb),
         rows from (jsonb_to_recordset(o.seats) as (label text, event text, category text, type text, price bigint, discount bigint))
           with ordinality s (label, event, category, type, price, discount, n)`,
];

const SOLD = `('sold', 'late', 'undone')`;
const PAID = `('sold', 'late', 'undone', 'toolate')`;

/** Up to where the tickets are mailed. */
const SALES = [
  `insert into seats (event_id, label, section, category_code)
     select e.id, s.label, 'Hall', s.category from planned_seats s join events e on e.slug = s.event order by s.i, s.n`,
  `insert into reservations (id, event_id, event_ids, client, status, buyer_name, buyer_email, total, currency, created_at, hold_ends_at,
                             hold_cap_at, ended_at, code_id, fees, taxes)
     select p.id, p.events[1], case when cardinality(p.events) > 1 then p.events end, 'filler',
            case when kind in ('expired', 'toolate') then 'expired' when kind = 'cancelled' then 'cancelled' else 'held' end,
            'Ada', p.id || '@example.org', total, 'EUR', created, hold_ends, now() + interval '2 hours',
            case when kind in ('expired', 'toolate', 'cancelled') then ended end, k.id, fees, taxes
       from plan p left join codes k using (code)`,
  `update reservations r set cancel_requested_at = ended from plan p where p.id = r.id and kind = 'cancelled'`,
  `insert into allocations (reservation_id, seat_id, price, discount, price_type, released_at)
     select p.id, s.id, planned.price, planned.discount, planned.type, case when kind in ('expired', 'toolate', 'cancelled') then ended end
       from plan p join planned_seats planned using (i) join events e on e.slug = planned.event
       join seats s on s.event_id = e.id and s.label = planned.label`,
  `insert into code_uses (code_id, number, status, reservation_id, hold_ends_at)
     select k.id, n, case when kind in ${SOLD} then 'used' when kind = 'held' then 'held' else 'free' end,
            case when kind in ${SOLD} or kind = 'held' then p.id end, case kind when 'held' then hold_ends end
       from codes k cross join generate_series(1, k.max_uses) n left join plan p on p.code = k.code and p.use = n`,
  // What posts the money looks up the seats.
  'analyze reservations, allocations, seats',
  `insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by, role, received_at)
     select reference, id, total, 'EUR', 'standard', 'standard', 'test', case kind when 'toolate' then 'surplus' else 'confirming' end, decided
       from plan where kind in ${PAID}`,
  `update reservations r set status = 'confirmed', confirmed_by = p.reference, confirmed_at = decided, delivered_at = decided,
          paid_in_time_at = case when kind <> 'late' then decided end
     from plan p where p.id = r.id and kind in ${SOLD}`,
  `update seats s set status = case p.kind when 'held' then 'held' else 'sold' end, reservation_id = p.id,
          hold_ends_at = case p.kind when 'held' then hold_ends end
     from allocations a join plan p on p.id = a.reservation_id
    where a.seat_id = s.id and a.released_at is null`,
  `insert into tickets (id, reservation_id, seat_id, code)
     select gen_random_uuid(), a.reservation_id, a.seat_id, format('%s/%s', a.reservation_id, a.seat_id)
       from allocations a join plan p on p.id = a.reservation_id where p.kind in ${SOLD}`,
  `insert into ticket_documents (reservation_id, pdf) select id, '%PDF' from plan where kind in ${SOLD}`,
  `insert into mails (reservation_id, kind, message_id, requested_at, sent_at)
     select id, 'tickets', 'tickets-' || id, decided, decided from plan where kind in ${SOLD}`,
  `insert into test_provider.charges (reference, amount, currency, at) select reference, amount, currency, received_at from payments`,
  `insert into outbox (kind, subject) select 'start', id from plan where kind = 'held'`,
  // Kept for the client of two of the holds.
  `insert into api_keys (client, role, key_hash) values ('filler', 'client', '\\x01'), ('stranger', 'client', '\\x02')`,
  `insert into allotments (event_id, name, client)
     select distinct event, 'Filled', 'filler' from plan, unnest(events) event where id in ('held-000018', 'held-000038')`,
  `update seats s set allotment_id = k.id, allotment_until = k.until from allotments k
    where k.event_id = s.event_id and s.reservation_id in ('held-000018', 'held-000038')`,
  `update allocations a set allotment_id = s.allotment_id from seats s where s.id = a.seat_id and s.allotment_id is not null`,
];

/** What is over again, and what is told of all. */
const ENDS = [
  `update reservations r set status = 'cancelled', ended_at = ended, cancel_requested_at = ended, cancel_refund = back,
          cancel_choice = case when back < p.total then jsonb_build_object('refund', back) end
     from plan p where p.id = r.id and kind = 'undone'`,
  `update allocations a set released_at = ended from plan p where p.id = a.reservation_id and kind = 'undone'`,
  `update seats s set status = 'available', reservation_id = null from plan p where p.id = s.reservation_id and kind = 'undone'`,
  `update code_uses u set status = 'free', reservation_id = null from plan p where p.id = u.reservation_id and kind = 'undone'`,
  `update tickets t set status = 'void', voided_at = ended from plan p where p.id = t.reservation_id and kind = 'undone'`,
  `insert into refunds (payment_id, amount, status, given_by, reason, created_at, succeeded_at)
     select y.id, back, 'succeeded', 'test', case kind when 'toolate' then 'expired' else 'cancelled' end, ended, ended
       from plan p join payments y using (reference) where back > 0`,
  // Where no trigger does it.
  `update payments y set status = case when back < y.amount then 'partially_refunded' else 'refunded' end, refund_ordered = back, refunded = back,
          refund_reason = f.reason, refunded_at = case when back = y.amount then ended end
     from plan p, refunds f where p.reference = y.reference and f.payment_id = y.id and y.status = 'captured'`,
  `insert into test_provider.refunds (idempotency_key, reference, amount, currency)
     select f.id::text, p.reference, f.amount, p.currency from refunds f join payments p on p.id = f.payment_id`,
  `insert into mails (reservation_id, kind, refund_id, message_id, requested_at, sent_at)
     select id, 'cancelled', null::uuid, 'cancelled-' || id, ended, ended from plan where kind = 'undone'
     union all
     select p.reservation_id, 'refund', f.id, 'refund-' || f.id, f.created_at, f.created_at from refunds f join payments p on p.id = f.payment_id`,
  `insert into inbox (reservation_id, kind, reference, actor, received_at, handled_at, outcome)
     select id, 'payment', reference, 'standard', decided, decided, case kind when 'toolate' then 'refund_expired' else 'confirmed' end
       from plan where kind in ${PAID}
     union all
     select id, 'cancel', null, 'client:filler', decided, ended, 'cancelled' from plan where kind in ('cancelled', 'undone')`,
  `with paid as (
     select p.*, refund_facts(f, y) as refund from plan p left join payments y using (reference) left join refunds f on f.payment_id = y.id),
   named as (
     select p.i, case when cardinality(p.events) = 1 then jsonb_agg(s.label order by n)
                      else jsonb_agg(jsonb_build_object('event', s.event, 'label', s.label) order by n) end as seats
       from plan p join planned_seats s using (i) group by p.i)
   insert into history (reservation_id, at, type, actor, data)
     select id, at, type, actor, data
       from (select i, id, 1 as step, created as at, 'reservation.held' as type, 'client:filler' as actor,
                    jsonb_build_object('seats', named.seats, 'expiresAt', rfc3339(hold_ends)) as data from plan join named using (i)
             union all select i, id, 2, decided, 'reservation.expired', 'system', '{}' from plan where kind in ('expired', 'toolate', 'late')
             union all select i, id, 3, decided, 'payment.received', 'standard',
                    jsonb_build_object('reference', reference, 'amount', total, 'currency', 'EUR') from plan where kind in ${PAID}
             union all select i, id, 4, decided, 'reservation.confirmed', 'standard', jsonb_build_object('reference', reference) from plan where kind in ${SOLD}
             union all select i, id, 5, decided, 'tickets.ready', 'system', '{}' from plan where kind in ${SOLD}
             union all select i, id, 6, decided, 'tickets.mailed', 'system', '{"kind": "tickets", "sequence": 0}' from plan where kind in ${SOLD}
             union all select i, id, 7, decided, 'reservation.cancel_requested', 'client:filler', '{}' from plan where kind in ('cancelled', 'undone')
             union all select i, id, 8, ended, 'reservation.cancelled', 'client:filler', '{}' from plan where kind in ('cancelled', 'undone')
             union all select i, id, 9, ended, 'refund.created', 'system', refund from paid where back > 0
             union all select i, id, 10, ended, 'refund.succeeded', 'test', refund from paid where back > 0) story
      order by i, step`,
  'select number_history(10000000, true)',
];

/** The triggers that write the ledger when money moves. */
const ledger = (how: 'enable' | 'enable always'): string[] => [
  `alter table payments ${how} trigger payments_posted`,
  `alter table refunds ${how} trigger refunds_posted`,
];
/** Sales that are posted in one transaction, which locks each of them. */
const POSTED_AT_ONCE = 2000;
/** Orders that are sent in one statement. */
const SENT_AT_ONCE = 2000;

const unnamed = (text: string) => sql('', text);

/** Runs statements that take no values. */
export async function runAll(tx: Queryable, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.run(unnamed(statement));
}

/**
 * Fills an empty database with a sound history of that many orders of every kind, of one to three events each: see
 * `planOrders`.
 * @param options.trusting without triggers and foreign keys, for the large numbers
 */
export async function fillOrders(
  db: Database,
  orders: number,
  { trusting = false } = {},
): Promise<void> {
  const plan = planOrders(orders);
  await runAll(db, PLAN);
  const { events, categories, codes } = plan;
  const rules = JSON.stringify({ events, categories, codes });
  for (const statement of EVENTS) await db.run(unnamed(statement), [rules]);
  for (let sent = 0; sent < orders; sent += SENT_AT_ONCE) {
    const some: PlannedOrder[] = [];
    for (let i = sent + 1; i <= Math.min(orders, sent + SENT_AT_ONCE); i++)
      some.push(plan.order(i));
    const text = JSON.stringify(some);
    for (const statement of ORDERS) await db.run(unnamed(statement), [text]);
  }
  await runAll(db, ['analyze plan, planned_seats']);

  for (const statements of [SALES, ENDS]) {
    await db.transaction(async (tx) => {
      if (trusting)
        await runAll(tx, [
          'set local session_replication_role = replica',
          ...ledger('enable always'),
        ]);
      await runAll(tx, statements);
      if (trusting) await runAll(tx, ledger('enable'));
    });
    for (let posted = 0; trusting && posted < orders; posted += POSTED_AT_ONCE)
      await db.run(
        unnamed(`select post_sale(id) from plan where i > $1 and i <= $1 + $2 and kind in ${SOLD}`),
        [posted, POSTED_AT_ONCE],
      );
  }
  await runAll(db, [...FORGET_PLAN, 'analyze']);
}
