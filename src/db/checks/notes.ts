import { IS_OWED, IS_REFUSED, OWED_FROM } from '../mails';
import type { Check } from './check';

/** What waits for a person. */
export const noteChecks: readonly Check[] = [
  {
    name: 'an entry of the outbox was given up',
    why: 'Temporal refuses it for what it is: put that right, then POST /v1/outbox/ID/retry',
    kind: 'note',
    over: 'outbox where given_up_at is not null',
    sql: `select id::text, format('%s of %s, given up %s ago after %s tries: %s', kind, subject,
                 date_trunc('minute', now() - given_up_at), attempts, last_error) as detail
            from outbox where given_up_at is not null order by id`,
  },
  {
    name: 'the sweep cannot do something',
    why: 'it is tried again, at least every ten minutes: its error says what to repair',
    kind: 'note',
    over: 'sweep_faults',
    sql: `select subject as id, format('%s, for %s, %s tries: %s', replace(step, '_', ' '),
                 date_trunc('minute', now() - since), attempts, error) as detail
            from sweep_faults order by since`,
  },
  {
    name: 'a payment names a reservation that does not exist',
    why: 'after a restore its hold may be made again with the same key; else it is refunded after ten minutes',
    kind: 'note',
    over: `payments where role = 'kept'`,
    sql: `select p.reference as id, format('%s %s for reservation %s, for %s', p.amount, p.currency, p.reservation_id,
                 date_trunc('second', now() - p.received_at)) as detail
            from payments p
           where p.role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id) order by p.received_at`,
  },
  {
    name: 'Temporal refuses an entry of the outbox',
    why: 'it is tried for an hour: its answer says what to put right, as a missing search attribute',
    kind: 'note',
    over: 'outbox where refused_since is not null',
    sql: `select id::text, format('%s of %s, refused for %s: %s', kind, subject,
                 date_trunc('second', now() - refused_since), last_error) as detail
            from outbox where refused_since is not null and given_up_at is null order by id`,
  },
  {
    name: 'a refund waits for a person',
    why: 'no provider gives it back, or it says no: its answer says why',
    kind: 'note',
    over: `refunds where status = 'pending' and error is not null`,
    sql: `select f.id::text, format('%s %s of payment %s for reservation %s, ordered %s ago: %s', f.amount, p.currency, p.reference, p.reservation_id,
                 date_trunc('minute', now() - f.created_at), f.error) as detail
            from refunds f join payments p on p.id = f.payment_id
           where f.status = 'pending' and f.error is not null order by f.created_at`,
  },
  {
    name: 'money that should have gone back has not',
    why: 'its refund has failed: order another, or give it back by hand',
    kind: 'note',
    over: `refunds where status = 'failed'`,
    sql: `select distinct p.reference as id, format('%s %s are left of the payment for reservation %s', payment_left(p.id), p.currency, p.reservation_id) as detail
            from refunds f join payments p on p.id = f.payment_id left join reservations r on r.id = p.reservation_id
           where f.status = 'failed' and payment_left(p.id) > 0
             and (p.role = 'surplus' or (p.role = 'confirming' and r.status = 'cancelled'))`,
  },
  {
    name: 'a mail waits for over an hour',
    why: 'the mail server does not accept it: its answer tells whether that concerns this mail or all mails',
    kind: 'note',
    over: 'mails where sent_at is null and refused is null',
    sql: `select m.id::text, format('%s of reservation %s, owed for %s: %s', replace(m.kind, '_', ' '), m.reservation_id,
                 date_trunc('minute', now() - m.requested_at), coalesce(m.last_error, 'no try has failed')) as detail
            from ${OWED_FROM}
           where ${IS_OWED} and m.requested_at < now() - interval '1 hour' order by m.requested_at`,
  },
  {
    name: 'a mail was refused for good',
    why: 'the address is invalid: correct it and send the tickets again, or hand over the PDF',
    kind: 'note',
    over: 'mails where refused is not null',
    sql: `select m.id::text, format('%s of reservation %s, owed %s ago: %s', replace(m.kind, '_', ' '), m.reservation_id,
                 date_trunc('minute', now() - m.requested_at), m.refused) as detail
            from mails m join reservations r on r.id = m.reservation_id
           where ${IS_REFUSED} order by m.requested_at`,
  },
];
