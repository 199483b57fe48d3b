import type { Check } from './check';

const MONEY = `format('payment %s of %s %s for reservation %s', p.reference, p.amount, p.currency, p.reservation_id)`;

/** Checks of payments and refunds. */
export const moneyChecks: readonly Check[] = [
  {
    name: 'a confirmed reservation has one confirming payment of its total',
    why: 'the seats would be unpaid, or paid twice',
    kind: 'invariant',
    over: `reservations where status = 'confirmed'`,
    sql: `select r.id, format('confirmed by %s for %s %s; its confirming payments: %s', coalesce(r.confirmed_by, 'nothing'), r.total, r.currency,
                 coalesce(string_agg(p.reference || format(' (%s %s, %s)', p.amount, p.currency, p.status), ', '), 'none')) as detail
            from reservations r left join payments p on p.reservation_id = r.id and p.role = 'confirming'
           where r.status = 'confirmed' group by r.id
          having count(p.reference) <> 1
              or bool_or(p.reference <> r.confirmed_by or p.amount <> r.total or p.currency <> r.currency or p.status <> 'captured')`,
  },
  {
    name: 'a confirming payment is kept while its reservation is confirmed, and goes back when it is cancelled',
    why: 'money would be kept without a sale, or refunded although the buyer has the seats',
    kind: 'invariant',
    over: `payments where role = 'confirming'`,
    sql: `select p.reference as id, format('%s is %s%s; the reservation is %s, confirmed by %s', ${MONEY}, p.status,
                 ' (' || p.refund_reason || ')', coalesce(r.status, 'unknown'), coalesce(r.confirmed_by, 'nothing')) as detail
            from payments p left join reservations r on r.id = p.reservation_id
           where p.role = 'confirming'
             and (r.confirmed_by is distinct from p.reference or r.status not in ('confirmed', 'cancelled')
                  or (r.status = 'confirmed') <> (p.status = 'captured')
                  or p.refund_reason <> 'cancelled')`,
  },
  {
    name: 'a payment is undecided, kept for a sale, being refunded or refunded',
    why: 'in any other state the money is not accounted for',
    kind: 'invariant',
    over: 'payments',
    sql: `select p.reference as id, format('%s has the role %s and the status %s%s', ${MONEY}, p.role, p.status,
                 ', refunded at ' || p.refunded_at) as detail
            from payments p
           where (p.role, p.status) not in (('kept', 'captured'), ('confirming', 'captured'), ('confirming', 'refunding'),
                    ('confirming', 'refunded'), ('surplus', 'refunding'), ('surplus', 'refunded'))
              or (p.status = 'captured') <> (p.refund_reason is null) or (p.status = 'refunded') <> (p.refunded_at is not null)`,
  },
  {
    name: 'a payment has one inbox row, whose outcome is what became of it',
    why: 'a payment without a row is never decided; with another outcome the history would be wrong',
    kind: 'invariant',
    over: 'payments',
    sql: `select p.reference as id, format('%s is %s %s; its inbox rows: %s', ${MONEY}, p.role, coalesce(p.refund_reason, ''),
                 coalesce(string_agg(i.id || ' (' || coalesce(i.outcome, 'not handled') || ')', ', '), 'none')) as detail
            from payments p left join inbox i on i.reference = p.reference and i.reservation_id = p.reservation_id and i.kind = 'payment'
           group by p.id
          having count(i.id) <> 1
              or bool_or(case p.role when 'kept' then i.outcome is not null
                           when 'confirming' then i.outcome is distinct from 'confirmed'
                           else i.outcome is distinct from 'refund_' || p.refund_reason end)`,
  },
  {
    name: 'a payment goes back for a reason that is true',
    why: 'a buyer with a valid payment would lose the seats',
    kind: 'invariant',
    over: `payments where role = 'surplus'`,
    sql: `select p.reference as id, format('%s goes back (%s); the reservation is %s, total %s %s, confirmed at %s', ${MONEY}, p.refund_reason,
                 r.status, r.total, r.currency, coalesce(r.confirmed_at::text, 'no time')) as detail
            from payments p join reservations r on r.id = p.reservation_id
           where p.role = 'surplus'
             and case p.refund_reason
                   when 'cancelled' then r.status <> 'cancelled'
                   when 'duplicate' then r.confirmed_at is null
                   when 'mismatch' then p.amount = r.total and p.currency = r.currency
                   when 'expired' then p.amount <> r.total or p.currency <> r.currency
                   else false end`,
  },
  {
    // With Stripe nothing is written here. A system that changed over to Stripe has charges up to
    // that time.
    name: 'the test provider and we know the same payments',
    why: 'an unknown charge is money taken without a sale',
    kind: 'invariant',
    over: 'test_provider.charges',
    sql: `with span as (select min(at) as first, max(at) as last from test_provider.charges)
          select coalesce(c.reference, p.reference) as id,
                 format('the provider charged %s, we know of %s', coalesce(c.amount || ' ' || c.currency, 'nothing'),
                        coalesce(p.amount || ' ' || p.currency, 'nothing')) as detail
            from span cross join (select * from payments where captured_by = 'test') p full join test_provider.charges c on c.reference = p.reference
           where (c.reference is null and p.received_at between first and last)
              or (c.reference is not null and (p.reference is null or (p.amount, p.currency) <> (c.amount, c.currency)))`,
  },
  {
    name: 'the test provider refunded once, in full, and only what we gave back',
    why: 'too much money would be refunded',
    kind: 'invariant',
    over: 'test_provider.refunds',
    sql: `select b.reference as id,
                 format('%s refunds of together %s; charged was %s, our payment is %s', b.refunds, b.amount,
                        coalesce(c.amount || ' ' || c.currency, 'nothing'), coalesce(p.status, 'unknown')) as detail
            from (select reference, count(*) as refunds, sum(amount) as amount, min(currency) as currency
                    from test_provider.refunds group by reference) b
            left join test_provider.charges c on c.reference = b.reference left join payments p on p.reference = b.reference and p.captured_by = 'test'
           where b.refunds > 1 or c.reference is null or b.amount <> c.amount or b.currency <> c.currency
              or p.status is null or p.status = 'captured'`,
  },
  {
    name: 'what we call refunded the test provider has refunded',
    why: 'the buyer was told that the money was refunded',
    kind: 'invariant',
    over: `payments where status = 'refunded'`,
    sql: `select p.reference as id, format('%s is refunded since %s; the provider has no refund', ${MONEY}, p.refunded_at) as detail
            from payments p join test_provider.charges c on c.reference = p.reference and p.captured_by = 'test'
           where p.status = 'refunded' and p.amount > 0
             and not exists (select from test_provider.refunds b where b.reference = p.reference)`,
  },
  {
    name: "the test provider's balance is the money that we hold",
    why: 'charges minus refunds must equal the payments that were not refunded',
    kind: 'invariant',
    over: 'test_provider.charges',
    sql: `select currency as id, format('charges %s less refunds %s are not the %s that we hold', charged, refunded, held) as detail
            from (select currency, sum(charged) as charged, sum(refunded) as refunded, sum(held) as held
                    from (select currency, amount as charged, 0 as refunded, 0 as held from test_provider.charges
                          union all select currency, 0, amount, 0 from test_provider.refunds
                          union all select p.currency, 0, 0, p.amount from payments p join test_provider.charges c on c.reference = p.reference and p.captured_by = 'test'
                             where p.status = 'captured' or (p.status = 'refunding'
                               and not exists (select from test_provider.refunds b where b.reference = p.reference))) entries
                   group by currency) books
           where charged - refunded <> held`,
  },
];
