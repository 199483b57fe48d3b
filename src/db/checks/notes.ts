import { IS_OWED, IS_REFUSED } from '../mails';
import type { Check } from './check';

/** What waits for a person. */
export const noteChecks: readonly Check[] = [
  {
    name: 'a mail waits for over an hour',
    why: 'the mail server does not accept it: its answer tells whether that concerns this mail or all mails',
    kind: 'note',
    over: 'mails where sent_at is null and refused is null',
    sql: `select m.id::text, format('%s of reservation %s, owed for %s: %s', replace(m.kind, '_', ' '), m.reservation_id,
                 date_trunc('minute', now() - m.requested_at), coalesce(m.last_error, 'no try has failed')) as detail
            from mails m join reservations r on r.id = m.reservation_id left join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id
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
