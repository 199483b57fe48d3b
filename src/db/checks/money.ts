import type { Check } from './check';

const MONEY = `format('payment %s of %s %s for reservation %s', p.reference, p.amount, p.currency, p.reservation_id)`;

/** Checks of payments and refunds. */
/**
 * The payment p does not match the total of the reservation r. Other refunds may have reduced p before
 * its refund f was ordered; where f is all of p, there were none.
 */
const OF_ANOTHER_AMOUNT = `(p.currency <> r.currency or p.amount < r.total
  or (p.amount <> r.total and f.amount = p.amount))`;

export const moneyChecks: readonly Check[] = [
  {
    name: 'the confirming payments of a sale are of what it cost, and of its changes',
    why: 'the seats would be unpaid, or paid twice',
    kind: 'invariant',
    over: `reservations where status = 'confirmed'`,
    sql: `select r.id, format('confirmed by %s for %s %s; its confirming payments: %s', coalesce(r.confirmed_by, 'nothing'), r.total, r.currency,
                 coalesce(string_agg(p.reference || format(' (%s %s, %s)', p.amount, p.currency, p.status), ', '), 'none')) as detail
            from reservations r left join payments p on p.reservation_id = r.id and p.role = 'confirming',
              lateral (
                select coalesce(sum(c.due), 0) as due, count(*) filter (where c.due > 0) as paid,
                       coalesce(sum((c.result ->> 'total')::bigint - c.total_before), 0) as dearer
                  from changes c where c.reservation_id = r.id and c.status = 'applied' and c.of_sale) c
           where r.status = 'confirmed' group by r.id, c.due, c.paid, c.dearer
          -- A payment of nothing may be the word for a change for which nothing is due.
          having count(p.reference) filter (where p.change_id is null or p.amount > 0) <> 1 + c.paid
              -- More than it cost may have come, of which a provider or a dispute had taken the rest when that was decided.
              or sum(p.amount) - (r.total - c.dearer + c.due) not between 0 and (
                  (select coalesce(sum(f.amount), 0) from refunds f join payments q on q.id = f.payment_id
                    where q.reservation_id = r.id and f.given_by = 'provider')
                  + (select coalesce(sum(d.amount), 0) from disputes d join payments q on q.id = d.payment_id
                      where q.reservation_id = r.id and d.status = 'lost'))
              or bool_or((p.reference = r.confirmed_by) <> (p.change_id is null) or p.currency <> r.currency)`,
  },
  {
    name: 'a confirming payment belongs to a sale, and is not refunded by itself while that stands',
    why: 'money would be given back for seats that the buyer still has',
    kind: 'invariant',
    over: `payments where role = 'confirming'`,
    sql: `select p.reference as id, format('%s is %s%s; the reservation is %s, confirmed by %s', ${MONEY}, p.status,
                 ' (' || p.refund_reason || ')', coalesce(r.status, 'unknown'), coalesce(r.confirmed_by, 'nothing')) as detail
            from payments p left join reservations r on r.id = p.reservation_id
           where p.role = 'confirming'
             and ((r.confirmed_by is distinct from p.reference and p.change_id is null) or r.status not in ('confirmed', 'cancelled')
                  or (r.status = 'confirmed' and exists (select from refunds f where f.payment_id = p.id
                        and f.reason not in ('operator', 'provider', 'change'))))`,
  },
  {
    name: 'money that is not for a sale goes back',
    why: 'money would be kept for nothing',
    kind: 'invariant',
    over: `payments where role in ('confirming', 'surplus')`,
    sql: `select p.reference as id, format('%s is %s %s; of it %s are refunded or ordered', ${MONEY}, p.role, p.status, p.amount - payment_left(p.id)) as detail
            from payments p left join reservations r on r.id = p.reservation_id
           where (p.role = 'surplus' or (p.role = 'confirming' and r.status = 'cancelled'))
             and payment_left(p.id) > 0
             -- By the terms a part of a sale may be kept. What came back without an order counts towards what was to.
             and not (p.role = 'confirming' and (select r.cancel_refund from reservations r where r.id = p.reservation_id) <=
                  (select coalesce(sum(f.amount), 0) from refunds f join payments q on q.id = f.payment_id
                    where q.reservation_id = p.reservation_id and f.reason in ('cancelled', 'provider') and f.error is distinct from 'superseded')
                  + (select coalesce(sum(d.amount), 0) from disputes d join payments q on q.id = d.payment_id
                      where q.reservation_id = p.reservation_id and d.status = 'lost'))
             -- What failed at the provider is a note, for an operator to decide; what was superseded has another in its place.
             and not exists (select from refunds f where f.payment_id = p.id and f.status = 'failed' and f.error <> 'superseded')`,
  },
  {
    name: 'what is kept beside a payment is what its refunds come to',
    why: 'an order of more than was captured would not be refused',
    kind: 'invariant',
    over: 'payments',
    sql: `select p.reference as id, format('%s is %s, %s ordered and %s refunded; its refunds: %s ordered, %s refunded, %s pending', ${MONEY}, p.status,
                 p.refund_ordered, p.refunded, coalesce(f.ordered, 0), coalesce(f.refunded, 0), coalesce(f.pending, 0)) as detail
            from payments p
            left join (select payment_id, sum(amount) filter (where given_by <> 'provider' and status <> 'failed') as ordered,
                              sum(amount) filter (where status = 'succeeded') as refunded, count(*) filter (where status = 'succeeded') as succeeded,
                              count(*) filter (where status = 'pending') as pending
                         from refunds group by payment_id) f on f.payment_id = p.id
           where p.refund_ordered <> coalesce(f.ordered, 0) or p.refunded <> coalesce(f.refunded, 0)
              or p.status <> case
                   when exists (select from disputes d where d.payment_id = p.id and d.status <> 'won') then 'disputed'
                   when f.pending > 0 then 'refunding'
                   when f.succeeded > 0 and f.refunded >= p.amount then 'refunded'
                   when f.succeeded > 0 then 'partially_refunded'
                   else 'captured' end`,
  },
  {
    name: 'a payment has one inbox row, whose outcome is what became of it',
    why: 'a payment without a row is never decided; with another outcome the history would be wrong',
    kind: 'invariant',
    over: 'payments',
    sql: `select p.reference as id, format('%s is %s %s; its inbox rows: %s', ${MONEY}, p.role, coalesce(p.refund_reason, ''),
                 coalesce(string_agg(i.id || ' (' || coalesce(i.outcome, 'not handled') || ')', ', '), 'none')) as detail
            from payments p left join inbox i on i.reference = p.reference and i.reservation_id = p.reservation_id and i.kind = 'payment'
           where p.role <> 'unmatched'
           group by p.id
          having count(i.id) <> 1
              or bool_or(case p.role when 'kept' then i.outcome is not null
                           when 'confirming' then i.outcome is distinct from (case when p.change_id is null then 'confirmed' else 'applied' end)
                           else coalesce(i.outcome not like 'refund\\_%', true) end)`,
  },
  {
    name: 'a payment goes back for a reason that is true',
    why: 'a buyer with a valid payment would lose the seats',
    kind: 'invariant',
    over: `refunds where reason not in ('operator', 'provider')`,
    sql: `select p.reference as id, format('%s goes back (%s); the reservation is %s, total %s %s, confirmed at %s', ${MONEY}, f.reason,
                 r.status, r.total, r.currency, coalesce(r.confirmed_at::text, 'no time')) as detail
            from refunds f join payments p on p.id = f.payment_id join reservations r on r.id = p.reservation_id
           where p.role = 'surplus' and f.reason not in ('operator', 'provider')
             and case f.reason
                   when 'cancelled' then r.status <> 'cancelled'
                     and not exists (select from inbox i where i.reservation_id = r.id and i.kind = 'cancel')
                   when 'duplicate' then r.confirmed_at is null
                   -- What it cost when the payment came, if it was changed since, is not known any more.
                   when 'mismatch' then p.change_id is null and r.revision = 1 and p.amount = r.total and p.currency = r.currency and f.amount = p.amount
                   -- The amount left at that moment counts, not the amount paid.
                   when 'expired' then p.change_id is null and r.revision = 1 and ${OF_ANOTHER_AMOUNT}
                   when 'event_started' then p.change_id is null and r.revision = 1 and ${OF_ANOTHER_AMOUNT}
                   when 'change_ended' then p.change_id is null
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
    name: 'the test provider refunded what we ordered, and never more than it took',
    why: 'money would be given away',
    kind: 'invariant',
    over: 'test_provider.refunds',
    sql: `select b.reference as id,
                 format('refunds of together %s; charged was %s, we ordered %s', b.amount,
                        coalesce(c.amount || ' ' || c.currency, 'nothing'), coalesce(p.refund_ordered::text, 'nothing')) as detail
            from (select reference, sum(amount) as amount, min(currency) as currency
                    from test_provider.refunds group by reference) b
            left join test_provider.charges c on c.reference = b.reference left join payments p on p.reference = b.reference and p.captured_by = 'test'
           where c.reference is null or b.amount > c.amount or b.currency <> c.currency
              or p.refund_ordered is null or b.amount > p.refund_ordered`,
  },
  {
    name: 'what the test provider is said to have refunded stands in its books',
    why: 'the buyer was told that the money is back',
    kind: 'invariant',
    over: `refunds where given_by = 'test' and status = 'succeeded'`,
    sql: `select f.id::text, format('%s: a refund of %s succeeded at %s; the provider has none', ${MONEY}, f.amount, f.succeeded_at) as detail
            from refunds f join payments p on p.id = f.payment_id and p.captured_by = 'test'
           where f.given_by = 'test' and f.status = 'succeeded' and f.amount > 0
             and not exists (select from test_provider.refunds b where b.idempotency_key = coalesce(f.provider_key, f.id::text) and b.amount = f.amount)`,
  },
  {
    name: "the test provider's balance is the money that we hold",
    why: 'the books as a whole: charges less refunds are the payments less what it gave back of them',
    kind: 'invariant',
    over: 'test_provider.charges',
    sql: `select currency as id, format('charges %s less refunds %s are not the %s that we hold', charged, refunded, held) as detail
            from (select currency, sum(charged) as charged, sum(refunded) as refunded, sum(held) as held
                    from (select currency, amount as charged, 0 as refunded, 0 as held from test_provider.charges
                          union all select currency, 0, amount, 0 from test_provider.refunds
                          union all select p.currency, 0, 0, p.amount from payments p join test_provider.charges c on c.reference = p.reference and p.captured_by = 'test'
                          union all select p.currency, 0, 0, -f.amount from refunds f join payments p on p.id = f.payment_id and p.captured_by = 'test'
                             where f.given_by = 'test' and (f.status = 'succeeded'
                               or exists (select from test_provider.refunds b where b.idempotency_key = coalesce(f.provider_key, f.id::text)))) entries
                   group by currency) books
           where charged - refunded <> held`,
  },
  {
    name: 'every posting of the ledger adds up to 0',
    why: 'money would come from nowhere, or go there',
    kind: 'invariant',
    over: 'ledger',
    sql: `select posting::text as id, format('posting %s of reservation %s is out by %s %s', posting, min(reservation_id), sum(amount), currency) as detail
            from ledger group by posting, currency, event_id having sum(amount) <> 0`,
  },
  {
    name: "the ledger's cash is what was captured, less what went back and what disputes took",
    why: 'the accounts as a whole would not be the money that there is',
    kind: 'invariant',
    over: `payments where role <> 'unmatched'`,
    sql: `select currency as id, format('the ledger has %s %s in cash, payments less refunds and disputes are %s', sum(cash), currency, sum(held)) as detail
            from (select currency, amount as cash, 0 as held from ledger where account = 'cash'
                  union all select currency, 0, amount from payments where role <> 'unmatched'
                  union all select p.currency, 0, -f.amount from refunds f join payments p on p.id = f.payment_id
                     where f.status = 'succeeded' and p.role <> 'unmatched'
                  union all select p.currency, 0, -d.amount from disputes d join payments p on p.id = d.payment_id
                     where d.status <> 'won' and p.role <> 'unmatched') books
           group by currency having sum(cash) <> sum(held)`,
  },
  {
    // Of the payment that confirmed a sale only what is on its way back is owed; the rest is sold or retained.
    name: "a reservation's accounts agree with its payments",
    why: 'the report would say otherwise than the payments what is held for whom',
    kind: 'invariant',
    over: 'payments',
    sql: `select reservation_id as id, format('the ledger has %s %s for it, %s in dispute, %s owed to the buyer; its payments say %s, %s and %s', sum(cash), currency,
                 sum(disputed), sum(owed), sum(paid), sum(at_bank), sum(to_give_back)) as detail
            from (select reservation_id, currency, case account when 'cash' then amount else 0 end as cash, case account when 'disputed' then amount else 0 end as disputed,
                         case account when 'customers' then -amount else 0 end as owed, 0 as paid, 0 as at_bank, 0 as to_give_back from ledger
                  union all
                  select p.reservation_id, p.currency, 0, 0, 0, p.amount - coalesce(f.done, 0) - coalesce(d.open, 0) - coalesce(d.lost, 0), coalesce(d.open, 0),
                         case p.role when 'confirming' then coalesce(f.pending, 0) else p.amount - coalesce(f.done, 0) - coalesce(d.lost, 0) end
                    from payments p
                    left join (select payment_id, sum(amount) filter (where status = 'succeeded') as done, sum(amount) filter (where status = 'pending') as pending
                                 from refunds group by payment_id) f on f.payment_id = p.id
                    left join (select payment_id, sum(amount) filter (where status = 'open') as open, sum(amount) filter (where status = 'lost') as lost
                                 from disputes group by payment_id) d on d.payment_id = p.id
                   where p.role <> 'unmatched') books
           group by reservation_id, currency having sum(cash) <> sum(paid) or sum(disputed) <> sum(at_bank) or sum(owed) <> sum(to_give_back)`,
  },
  {
    name: 'money of an order that was never sold leaves the events that it came to',
    why: 'one event would have earned what another gave back',
    kind: 'invariant',
    over: 'reservations where confirmed_at is null',
    // Payment by payment: what a provider gives back beyond the amount of one may be as much as another.
    sql: `select reservation_id as id, format('the event %s has %s %s of a payment in cash, and all together 0', coalesce(e.slug, 'unknown'), cash, money.currency) as detail
            from (select l.reservation_id, l.currency, l.event_id, sum(l.amount) as cash,
                         sum(sum(l.amount)) over (partition by l.reservation_id, l.currency, l.payment_id) as whole
                    from ledger l join reservations r on r.id = l.reservation_id and r.confirmed_at is null
                   where l.account = 'cash' group by l.reservation_id, l.currency, l.payment_id, l.event_id) money
            left join events e on e.id = money.event_id
           where whole = 0 and cash <> 0`,
  },
  {
    name: 'a sale stands in the ledger with the seats and the money of each of its events, and what is not sold does not',
    why: 'the report of an event would count seats and money that were not sold, or are of another event',
    kind: 'invariant',
    over: 'reservations where confirmed_at is not null',
    sql: `with part as (
            select a.reservation_id, s.event_id, a.price as amount, 1 as seats
              from reservations r join allocations a on a.reservation_id = r.id join seats s on s.id = a.seat_id
             where r.status = 'confirmed' and a.until_revision is null
            union all
            select r.id, e.id, (fee ->> 'amount')::bigint, 0
              from reservations r, jsonb_array_elements(r.fees) fee join events e on e.slug = fee ->> 'event' where r.status = 'confirmed'
            union all
            select r.id, e.id, (tax ->> 'amount')::bigint, 0
              from reservations r, jsonb_array_elements(r.taxes) tax join events e on e.slug = tax ->> 'event'
             where r.status = 'confirmed' and tax -> 'included' = 'false'),
          sale as (select reservation_id, event_id, sum(amount) as amount, sum(seats) as seats from part group by reservation_id, event_id),
          posted as (select reservation_id, event_id, -sum(amount) as amount, sum(quantity) as seats from ledger
                      where account in ('tickets', 'discounts', 'fees', 'tax', 'included_tax') group by reservation_id, event_id),
          compared as (
            select reservation_id, event_id, coalesce(s.amount, 0) as amount, coalesce(s.seats, 0) as seats,
                   coalesce(l.amount, 0) as amount_posted, coalesce(l.seats, 0) as seats_posted
              from sale s full join posted l using (reservation_id, event_id))
          select c.reservation_id as id, format('%s for %s %s; of the event %s %s for %s seats, the ledger has %s for %s seats', coalesce(r.status, 'unknown'),
                 r.total, r.currency, coalesce(e.slug, 'unknown'), c.amount, c.seats, c.amount_posted, c.seats_posted) as detail
            from compared c left join reservations r on r.id = c.reservation_id and r.confirmed_at is not null left join events e on e.id = c.event_id
           where c.amount <> c.amount_posted or c.seats <> c.seats_posted`,
  },
];
