import { IS_OWED, OWED_FROM, WAITS_FOR_A_BUYER } from '../mails';
import type { Check } from './check';

/**
 * The sweep orders late work again after a pause (`nudged_at`), so work that was just ordered again
 * is not reported. This does not excuse work that has been late for over an hour.
 */
const notNudged = (row: string, since: string, minutes: number) =>
  `(${row}.nudged_at is null or ${row}.nudged_at < now() - interval '${minutes} minutes' or ${since} < now() - interval '1 hour')`;
const notOrdered = (subject: string) =>
  `not exists (select from outbox o where o.subject = ${subject})`;
/** Workflows that release 1.0 started are looked for under its ids too. */
const actors = (id: string) => `array[${id}, 'settle:' || ${id}]`;

/** Checks of work that should have been done by now. */
export const workChecks: readonly Check[] = [
  {
    name: 'an overdue hold is swept within two minutes',
    why: 'the row says held while the API says expired',
    kind: 'queue',
    over: `reservations where status = 'held' and paid_in_time_at is null and hold_ends_at < now()`,
    sql: `select id, format('its hold ended at %s', hold_ends_at) as detail from reservations
           where status = 'held' and paid_in_time_at is null and hold_ends_at < now() - interval '2 minutes' order by hold_ends_at`,
  },
  {
    // An entry that failed is due again later, at most a minute ahead.
    name: 'an outbox entry is tried',
    why: 'the relays do not work: no workflow is started or signalled',
    kind: 'queue',
    over: 'outbox',
    sql: `select id::text, format('%s of %s since %s, %s tries', kind, subject, created_at, attempts) as detail from outbox
           where not_before < now() - interval '5 minutes' order by id`,
  },
  {
    name: 'a payment for a reservation that never came to be goes back',
    why: 'the buyer paid without getting seats',
    kind: 'queue',
    over: `payments where role = 'kept'`,
    sql: `select p.reference as id, format('%s %s for reservation %s, which does not exist, since %s', p.amount, p.currency, p.reservation_id, p.received_at) as detail
            from payments p
           where p.role = 'kept' and p.received_at < now() - interval '15 minutes'
             and not exists (select from reservations r where r.id = p.reservation_id) order by p.received_at`,
  },
  {
    // Housekeeping looks each minute for the actors of holds that are a minute old.
    name: 'an open hold has its actor',
    why: 'its payment would not be handled at once',
    kind: 'task',
    over: `reservations where status = 'held'`,
    sql: `select r.id, format('held since %s until %s%s, with no workflow', r.created_at, r.hold_ends_at,
                 case when r.paid_in_time_at is null then '' else ', paid' end) as detail, ${actors('r.id')} as workflows
            from reservations r
           where r.status = 'held' and r.created_at < now() - interval '3 minutes'
             and (r.hold_ends_at > now() + interval '5 seconds' or r.paid_in_time_at is not null) and ${notOrdered('r.id')}`,
  },
  {
    name: 'what comes for a reservation is handled',
    why: 'a payment or a cancellation would not be handled',
    kind: 'task',
    over: 'inbox where handled_at is null',
    sql: `select i.id::text, format('%s%s for reservation %s since %s', i.kind, ' ' || i.reference, i.reservation_id, i.received_at) as detail,
                 ${actors('i.reservation_id')} as workflows
            from inbox i join reservations r on r.id = i.reservation_id
           where i.handled_at is null and i.received_at < now() - interval '5 minutes'
             and ${notOrdered('i.reservation_id')} and ${notNudged('r', 'i.received_at', 2)}`,
  },
  {
    name: 'a refund is under way until it is done',
    why: 'the buyer waits for the money',
    kind: 'task',
    over: `refunds where status = 'pending' and given_by in ('stripe', 'test')`,
    sql: `select f.id::text, format('%s %s of payment %s for reservation %s goes back (%s), and nobody is at it', f.amount, p.currency, p.reference, p.reservation_id, f.reason) as detail,
                 array['refund:' || f.id, 'refund:' || p.id, 'refund:' || p.reference] as workflows
            from refunds f join payments p on p.id = f.payment_id
           where f.status = 'pending' and f.given_by in ('stripe', 'test') and f.created_at < now() - interval '5 minutes'
             and ${notOrdered('f.id::text')} and ${notOrdered('p.reference')} and ${notNudged('f', 'f.created_at', 6)}`,
  },
  {
    name: 'a delivery is under way until it is done',
    why: 'the buyer waits for the tickets',
    kind: 'task',
    over: `reservations where status = 'confirmed' and delivered_at is null`,
    sql: `select r.id, format('confirmed at %s, its tickets not mailed, and no workflow is doing it', r.confirmed_at) as detail, ${actors('r.id')} as workflows
            from reservations r
           where r.status = 'confirmed' and r.delivered_at is null and r.confirmed_at < now() - interval '5 minutes'
             and not ${WAITS_FOR_A_BUYER}
             and ${notOrdered('r.id')} and ${notNudged('r', 'r.confirmed_at', 6)}`,
  },
  {
    name: 'a mail that is owed is under way',
    why: 'the buyer waits for the requested tickets, or does not know why the money was refunded',
    kind: 'task',
    over: `mails where sent_at is null and refused is null and (kind <> 'tickets' or sequence > 0)`,
    sql: `select m.id::text, format('%s %s of reservation %s, owed since %s', m.kind, coalesce(m.reference, m.sequence::text), m.reservation_id, m.requested_at) as detail,
                 case m.kind when 'tickets' then array['resend:' || m.id, 'resend:' || m.reservation_id || ':' || m.sequence]
                   when 'late_payment_refund' then array['refund:' || p.id, 'refund:' || m.reference] else array['mail:' || m.id] end as workflows
            from ${OWED_FROM}
           where (m.kind <> 'tickets' or m.sequence > 0) and ${IS_OWED} and m.requested_at < now() - interval '5 minutes'
             and ${notNudged('m', 'm.requested_at', 6)}
             and ${notOrdered(`case m.kind when 'tickets' then m.reservation_id when 'late_payment_refund' then m.reference else m.id::text end`)}`,
  },
];
