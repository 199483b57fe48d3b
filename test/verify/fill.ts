import { sql, type Database, type Queryable } from '../../src/db/database';

/** Of which kinds the reservations are, by their number modulo 20. */
const PLAN = `
  create temporary table plan on commit drop as
  select i, kind, format('%s-%s', kind, lpad(i::text, 6, '0')) as id, 'pay-' || i as reference,
         now() - interval '3 hours' as created, now() - interval '2 hours' as decided, now() - interval '1 hour' as ended
    from generate_series(1, $1::integer) i,
         lateral (select case when i % 20 < 9 then 'sold' when i % 20 = 9 then 'late' when i % 20 < 13 then 'expired'
                              when i % 20 = 13 then 'toolate' when i % 20 < 16 then 'cancelled'
                              when i % 20 < 18 then 'undone' else 'held' end as kind) k`;

const STEPS = [
  `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
     values ('filled', 'Filled', now() + interval '1 year', 'UTC', 'EUR', 10)`,
  `insert into price_categories (event_id, code, name, price, ordinal) select id, 'all', 'All', 4500, 1 from events where slug = 'filled'`,
  `insert into seats (event_id, label, section, category_code)
     select e.id, format('%s-%s', p.id, n), 'Hall', 'all' from events e, plan p, generate_series(1, 2) n
      where e.slug = 'filled' order by p.i, n`,
  `insert into payments (reference, reservation_id, amount, currency, source, proven_by, captured_by, role, status, refund_reason, received_at, refunded_at, refund_ordered, refunded)
     select reference, id, 9000, 'EUR', 'standard', 'standard', 'test', case kind when 'toolate' then 'surplus' else 'confirming' end,
            case when kind in ('toolate', 'undone') then 'refunded' else 'captured' end,
            case kind when 'toolate' then 'expired' when 'undone' then 'cancelled' end, decided,
            case when kind in ('toolate', 'undone') then ended end,
            case when kind in ('toolate', 'undone') then 9000 else 0 end, case when kind in ('toolate', 'undone') then 9000 else 0 end
       from plan where kind in ('sold', 'late', 'toolate', 'undone')`,
  `insert into refunds (payment_id, amount, status, given_by, reason, created_at, succeeded_at)
     select id, amount, 'succeeded', 'test', refund_reason, refunded_at, refunded_at from payments where status = 'refunded'`,
  `insert into reservations (id, event_id, client, status, buyer_name, buyer_email, total, currency, created_at, hold_ends_at,
                             hold_cap_at, confirmed_by, confirmed_at, ended_at, delivered_at)
     select p.id, e.id, 'filler', case when kind in ('sold', 'late') then 'confirmed' when kind = 'toolate' then 'expired'
                when kind = 'undone' then 'cancelled' else kind end,
            'Ada', p.id || '@example.org', 9000, 'EUR', created, case kind when 'held' then now() + interval '1 hour' else decided end,
            now() + interval '2 hours', case when kind in ('sold', 'late', 'undone') then reference end,
            case when kind in ('sold', 'late', 'undone') then decided end,
            case when kind in ('expired', 'toolate', 'cancelled', 'undone') then ended end,
            case when kind in ('sold', 'late', 'undone') then decided end
       from plan p, events e where e.slug = 'filled'`,
  `insert into codes (code, percent, max_uses) values ('FILLED', 10, 3)`,
  `update reservations set code_id = (select id from codes where code = 'FILLED') where id = 'sold-000020'`,
  `insert into code_uses (code_id, number, status, reservation_id)
     select k.id, 1, 'used', r.id from codes k join reservations r on r.code_id = k.id`,
  `insert into allocations (reservation_id, seat_id, price, released_at)
     select p.id, s.id, 4500, case when kind in ('expired', 'toolate', 'cancelled', 'undone') then ended end
       from plan p, generate_series(1, 2) n join seats s on true where s.label = format('%s-%s', p.id, n)`,
  `update seats s set status = case p.kind when 'held' then 'held' else 'sold' end, reservation_id = p.id,
          hold_ends_at = case p.kind when 'held' then r.hold_ends_at end
     from allocations a join plan p on p.id = a.reservation_id join reservations r on r.id = p.id
    where a.seat_id = s.id and a.released_at is null`,
  `insert into api_keys (client, role, key_hash) values ('filler', 'client', '\\x01'), ('stranger', 'client', '\\x02')`,
  `insert into allotments (event_id, name, client) select id, 'Filled', 'filler' from events where slug = 'filled'`,
  `update seats set allotment_id = a.id, allotment_until = a.until from allotments a where reservation_id = 'held-000018'`,
  `update allocations set allotment_id = a.id from allotments a where reservation_id = 'held-000018'`,
  `insert into inbox (reservation_id, kind, reference, actor, received_at, handled_at, outcome)
     select reservation_id, 'payment', reference, 'standard', received_at, received_at,
            case role when 'confirming' then 'confirmed' else 'refund_' || refund_reason end from payments
     union all select id, 'cancel', null, 'client:filler', decided, ended, 'cancelled' from plan where kind in ('cancelled', 'undone')`,
  `insert into history (reservation_id, at, type, actor, data)
     select id, at, type, 'system', case when type in ('reservation.held', 'reservation.expired', 'reservation.cancelled') then '{}'
              when type like 'refund.%' then jsonb_build_object('reference', reference, 'refund',
                (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = story.reference))
              else jsonb_build_object('reference', reference) end
       from (select *, created as at, 'reservation.held' as type, 1 as step from plan
             union all select *, decided, 'reservation.expired', 2 from plan where kind in ('expired', 'toolate', 'late')
             union all select *, decided, 'reservation.confirmed', 3 from plan where kind in ('sold', 'late', 'undone')
             union all select *, ended, 'reservation.cancelled', 4 from plan where kind in ('cancelled', 'undone')
             union all select *, ended, 'refund.created', 5 from plan where kind in ('toolate', 'undone')
             union all select *, ended, 'refund.succeeded', 6 from plan where kind in ('toolate', 'undone')) story order by i, step`,
  `insert into tickets (id, reservation_id, seat_id, code, status)
     select gen_random_uuid(), a.reservation_id, a.seat_id, format('%s/%s', a.reservation_id, a.seat_id),
            case p.kind when 'undone' then 'void' else 'valid' end
       from allocations a join plan p on p.id = a.reservation_id where p.kind in ('sold', 'late', 'undone')`,
  `insert into ticket_documents (reservation_id, pdf) select id, '%PDF' from plan where kind in ('sold', 'late', 'undone')`,
  `insert into mails (reservation_id, kind, refund_id, message_id, requested_at, sent_at)
     select id, 'tickets', null::uuid, 'tickets-' || id, decided, decided from plan where kind in ('sold', 'late', 'undone')
     union all select id, 'cancelled', null, 'cancelled-' || id, ended, ended from plan where kind = 'undone'
     union all select p.reservation_id, 'refund', f.id, 'refund-' || f.id, f.created_at, f.created_at from refunds f join payments p on p.id = f.payment_id`,
  'select number_history(10000000, true)',
  `insert into outbox (kind, subject) select 'start', id from plan where kind = 'held'`,
  `insert into test_provider.charges (reference, amount, currency, at) select reference, amount, currency, received_at from payments`,
  `insert into test_provider.refunds (idempotency_key, reference, amount, currency)
     select f.id::text, p.reference, f.amount, p.currency from refunds f join payments p on p.id = f.payment_id`,
];

/** The triggers that write the ledger when money moves. */
const ledger = (how: 'enable' | 'enable always'): string[] => [
  `alter table payments ${how} trigger payments_posted`,
  `alter table refunds ${how} trigger refunds_posted`,
];
/** Sales that are posted in one transaction, which locks each of them. */
const POSTED_AT_ONCE = 2000;

const unnamed = (text: string) => sql('', text);

/** Runs statements that take no values. */
export async function runAll(tx: Queryable, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.run(unnamed(statement));
}

/**
 * Fills an empty database with a sound history of that many reservations of every kind: `sold-000020`, `late-000009`,
 * `expired-000010`, `toolate-000013`, `cancelled-000014`, `undone-000016`, `held-000018` and so on, two seats each.
 * @param options.trusting without triggers and foreign keys, for the large numbers
 */
export async function fill(
  db: Database,
  reservations: number,
  { trusting = false } = {},
): Promise<void> {
  await db.transaction(async (tx) => {
    if (trusting)
      await runAll(tx, [
        'set local session_replication_role = replica',
        ...ledger('enable always'),
      ]);
    await tx.run(unnamed(PLAN), [reservations]);
    await runAll(tx, ['analyze plan', ...STEPS]);
    if (trusting) await runAll(tx, ledger('enable'));
  });
  for (let posted = 0; trusting && posted < reservations; posted += POSTED_AT_ONCE)
    await db.run(
      unnamed(`select post_sale(id) from (select id, substr(id, length(id) - 5)::integer as i from reservations
                 where confirmed_at is not null) r where i > $1 and i <= $1 + $2`),
      [posted, POSTED_AT_ONCE],
    );
  await runAll(db, ['analyze']);
}
