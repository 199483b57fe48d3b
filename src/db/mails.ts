import { ticketsMessageId } from '../domain/message-id';
import { sql, type Database, type Queryable } from './database';
import { EVENTS_LEFT, EVENTS_OF_RESERVATION, FIRST_EVENT, type EventShown } from './events';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';
import { appendHistory } from './transitions';

export interface MailJob {
  id: number;
  /** `late_payment_refund`: as release 1.0 owes one. */
  kind: 'tickets' | 'cancelled' | 'refund' | 'event_changed' | 'late_payment_refund';
  reservationId: string;
  sequence: number;
  messageId: string;
  sent: boolean;
  refused: boolean;
  /** null while there is no buyer, and after the buyer was erased. */
  to: { name: string; email: string } | null;
  erased: boolean;
  /** And no cancel of it accepted. */
  confirmed: boolean;
  events: EventShown[];
  /** For the entries in the buyer's calendar: what the order was before it was changed. */
  revision: number;
  firstEvent: string | null;
  eventsLeft: EventShown[];
  /** Of a refund: the payment that goes back, whole or in part. Minor units. */
  refund: { reference: string; amount: number; currency: string; reason: string } | null;
  /** Of a cancelled sale: what goes back of it. Minor units. */
  cancelled: { refund: number; currency: string };
  /** Of an event that was changed: what it was. */
  changed: { slug: string; was: Omit<EventShown, 'slug'> } | null;
}

/** What an event was when the buyer heard of it last: before the first of the notices that did not go out since. */
const AS_BUYER_KNOWS = `(select first.was from mails w join event_notices first on first.id = w.notice_id
          where w.reservation_id = m.reservation_id and first.event_id = n.event_id and w.id <= m.id and w.sent_at is null
            and not exists (select from mails later join event_notices told on told.id = later.notice_id
              where later.reservation_id = m.reservation_id and told.event_id = n.event_id and later.sent_at is not null and later.id > w.id)
          order by w.id limit 1)`;
const DOCUMENT = `jsonb_build_object('id', m.id, 'kind', m.kind, 'reservationId', m.reservation_id, 'sequence', m.sequence, 'messageId', m.message_id,
     'sent', m.sent_at is not null, 'refused', m.refused is not null, 'erased', r.erased_at is not null, 'confirmed', r.status = 'confirmed' and r.cancel_requested_at is null,
     'to', case when r.buyer_email is null then null else jsonb_build_object('name', r.buyer_name, 'email', r.buyer_email) end,
     'events', ${EVENTS_OF_RESERVATION}, 'revision', r.revision, 'firstEvent', ${FIRST_EVENT}, 'eventsLeft', ${EVENTS_LEFT},
     'refund', case when p.reference is not null
        then jsonb_build_object('reference', p.reference, 'amount', coalesce(f.amount, p.amount), 'currency', p.currency,
                                'reason', coalesce(f.reason, p.refund_reason)) end,
     'cancelled', jsonb_build_object('currency', r.currency, 'refund',
        (select coalesce(sum(c.amount), 0) from refunds c join payments q on q.id = c.payment_id
          where q.reservation_id = r.id and q.role = 'confirming' and c.reason = 'cancelled')),
     'changed', (select jsonb_build_object('slug', v.slug, 'was', coalesce(${AS_BUYER_KNOWS}, n.was))
        from event_notices n join events v on v.id = n.event_id where n.id = m.notice_id))`;
const SOURCES = `mails m join reservations r on r.id = m.reservation_id
   left join refunds f on f.id = m.refund_id
   left join payments p on p.id = f.payment_id or (f.id is null and p.reference = m.reference and p.reservation_id = m.reservation_id)`;

const FIND = sql<{ mail: MailJob }>(
  'mail_find',
  `select ${DOCUMENT} as mail from ${SOURCES}
  where m.reservation_id = $1 and m.kind = $2 and m.sequence = $3 and m.reference is not distinct from $4 and m.refund_id is null`,
);
const FIND_BY_ID = sql<{ mail: MailJob }>(
  'mail_find_by_id',
  `select ${DOCUMENT} as mail from ${SOURCES} where m.id = $1
      and (f.id is null or f.status = 'succeeded')`,
);

/** A mail by its number, with all that it is written from; null when there is none, or it is not to be sent yet. */
export async function findMailById(db: Queryable, id: string): Promise<MailJob | null> {
  const [row] = await db.rows(FIND_BY_ID, [id]);
  return row?.mail ?? null;
}

/** One mail with all its content; null when it does not have to be sent. */
export async function findMail(
  db: Queryable,
  occasion: {
    reservationId: string;
    kind: MailJob['kind'];
    sequence: number;
    reference: string | null;
  },
): Promise<MailJob | null> {
  const { reservationId, kind, sequence, reference } = occasion;
  const [row] = await db.rows(FIND, [reservationId, kind, sequence, reference]);
  return row?.mail ?? null;
}

/** A mail that does not reach its buyer. */
export interface UndeliveredMail {
  id: string;
  kind: MailJob['kind'];
  reservation: string;
  requestedAt: string;
  attemptedAt: string | null;
  /** The mail server's words; without addresses. */
  error: string;
  /** For good; else it is tried again. */
  refused: boolean;
}

/** Why a mail is refused in whose place another goes, or that has nothing to say any more. */
export const REPLACED_MAIL = 'replaced by a later one';
/** The same as a text of SQL. */
export const REPLACED = `'${REPLACED_MAIL}'`;

const ATTEMPTED = sql(
  'mail_attempted',
  'update mails set attempted_at = clock_timestamp() where id = $1',
);

export async function markAttempted(db: Queryable, id: number): Promise<void> {
  await db.run(ATTEMPTED, [id]);
}

const ERROR = sql(
  'mail_error',
  'update mails set last_error = $2 where id = $1 and sent_at is null',
);

/** Records why an attempt failed. @param error without addresses */
export async function noteMailError(db: Queryable, id: number, error: string): Promise<void> {
  await db.run(ERROR, [id, error]);
}

const SENT = sql(
  'mail_sent',
  'update mails set sent_at = clock_timestamp(), last_error = null where id = $1 and sent_at is null',
);
const REFUSED = sql(
  'mail_refused',
  'update mails set refused = $2, last_error = null where id = $1 and sent_at is null and refused is null',
);
const DELIVERED = sql<{ seconds: number }>(
  'mail_delivered',
  `update reservations set delivered_at = clock_timestamp() where id = $1 and delivered_at is null and status = 'confirmed'
   returning extract(epoch from delivered_at - confirmed_at)::float8 as seconds`,
);

const LOCK_SALE = sql<{ revision: number; buyer_email: string | null; sold: boolean }>(
  'mail_lock_sale',
  `select revision, buyer_email, status = 'confirmed' and cancel_requested_at is null and erased_at is null as sold
     from reservations where id = $1 for no key update`,
);

/**
 * Records the end of a mail: sent, or refused for good with the reason. The first mail with tickets
 * ends the delivery. A change of the seats that was applied while that mail was under way found none
 * that was sent, and ordered none: so the tickets as they now are become due here. A refusal of an address that was
 * corrected meanwhile ends no mail but one with tickets, because the correction has ordered those.
 * @param revision of the reservation whose tickets the mail has; null: it has none
 * @returns how long the tickets took since the confirmation, if this ended the delivery; whether the mail is still owed
 */
export async function finishMail(
  db: Database,
  mail: MailJob,
  reservationId: string,
  refusal: string | null,
  revision: number | null,
): Promise<{ deliveredAfterSeconds: number | null; owed: boolean }> {
  return db.transaction(async (tx) => {
    const isFirst = mail.kind === 'tickets' && mail.sequence === 0;
    // Before the mail: a change of the seats and a correction of the buyer lock them in this order.
    const [sale] = isFirst || refusal !== null ? await tx.rows(LOCK_SALE, [reservationId]) : [];
    const isCorrected = refusal !== null && sale!.buyer_email !== (mail.to?.email ?? null);
    if (isCorrected && mail.kind !== 'tickets') return { deliveredAfterSeconds: null, owed: true };
    const changed =
      refusal === null ? await tx.run(SENT, [mail.id]) : await tx.run(REFUSED, [mail.id, refusal]);
    const delivered = isFirst ? await tx.rows(DELIVERED, [reservationId]) : [];
    const done = { deliveredAfterSeconds: delivered[0]?.seconds ?? null, owed: false };
    if (isFirst && sale?.sold && revision !== null && revision !== sale.revision)
      await oweChangedTickets(tx, reservationId);
    // The history tells of tickets; of the other mails it tells what they are about.
    if (changed === 0 || ['refund', 'cancelled', 'event_changed'].includes(mail.kind)) return done;
    const data = {
      kind: mail.kind,
      sequence: mail.sequence,
      ...(refusal !== null && { reason: refusal }),
    };
    await appendHistory(
      tx,
      reservationId,
      refusal === null ? 'tickets.mailed' : 'tickets.mail_refused',
      'system',
      data,
    );
    return done;
  });
}

/** Condition: a reservation (`r`) was confirmed before its buyer was named; its mail is owed until then. */
export const WAITS_FOR_A_BUYER = `(r.buyer_email is null and r.erased_at is null)`;

/** What `IS_OWED` is asked of: mails (`m`), each with its reservation (`r`) and its payment (`p`). */
export const OWED_FROM = `mails m join reservations r on r.id = m.reservation_id
             left join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id`;

/**
 * Condition: a mail (`m`, of reservation `r`, about payment `p`) has to be sent now. Its tickets
 * are valid, or its refund is done.
 */
export const IS_OWED = `m.sent_at is null and m.refused is null
             and case m.kind when 'tickets' then r.status = 'confirmed' and r.cancel_requested_at is null and not ${WAITS_FOR_A_BUYER}
                   when 'cancelled' then true
                   when 'event_changed' then r.status = 'confirmed' and r.cancel_requested_at is null
                   when 'refund' then (select f.status from refunds f where f.id = m.refund_id) = 'succeeded'
                   else p.status = 'refunded' end`;

/**
 * Condition: a mail (`m`, of reservation `r`) was refused, and the reservation has no later mail of
 * this kind.
 */
export const IS_REFUSED = `m.refused is not null and r.buyer_email is not null
             and (m.kind not in ('tickets', 'event_changed') or r.status = 'confirmed') and m.refused <> ${REPLACED}
             and not exists (select from mails n where n.reservation_id = m.reservation_id and n.kind = m.kind
                                and n.sequence > m.sequence and n.refused is null)`;

const UNDELIVERED = sql<{ mail: UndeliveredMail; at: string }>(
  'mails_undelivered',
  // By an index each.
  `select jsonb_build_object('id', m.id::text, 'kind', m.kind, 'reservation', m.reservation_id,
            'requestedAt', rfc3339(m.requested_at), 'attemptedAt', rfc3339(m.attempted_at),
            'error', coalesce(m.refused, m.last_error), 'refused', m.refused is not null) as mail,
          rfc3339_us(m.requested_at) as at
     from (select m.* from ${OWED_FROM} where ${IS_OWED} and m.last_error is not null
           union all
           select m.* from mails m join reservations r on r.id = m.reservation_id where ${IS_REFUSED}) m
    where (m.requested_at, m.id) < (coalesce($1::timestamptz, 'infinity'), coalesce($2::bigint, 0))
    order by m.requested_at desc, m.id desc limit $3`,
);

/**
 * One page of undelivered mails, newest first: owed ones that fail, and refused ones that no later mail
 * replaces. Metrics and `verify` go by the same two conditions.
 */
export async function listUndeliveredMails(
  db: Queryable,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ mail: UndeliveredMail; at: string }[]> {
  return db.rows(UNDELIVERED, [after?.at ?? null, after?.id ?? null, limit]);
}

const BACKLOG = sql<{ owed: number; oldest_s: number; refused: number }>(
  'mail_backlog',
  `select (select count(*) from ${OWED_FROM} where ${IS_OWED}) as owed,
          (select coalesce(extract(epoch from clock_timestamp() - min(m.requested_at)), 0)
             from ${OWED_FROM} where ${IS_OWED})::float8 as oldest_s,
          (select count(*) from mails m join reservations r on r.id = m.reservation_id where ${IS_REFUSED}) as refused`,
);

/**
 * How many mails wait, the age of the oldest in seconds, and how many were refused and wait for an
 * operator.
 */
export async function readMailBacklog(
  db: Queryable,
): Promise<{ owed: number; oldestSeconds: number; refused: number }> {
  const [row] = await db.rows(BACKLOG);
  return { owed: row!.owed, oldestSeconds: row!.oldest_s, refused: row!.refused };
}

const LOCK_BUYER = sql(
  'mail_resend_lock_buyer',
  `select pg_advisory_xact_lock(1, hashtext(encode(buyer_key, 'hex'))) from reservations where id = $1`,
);
const LOCK = sql<{ sendable: boolean; waits_for_a_buyer: boolean }>(
  'mail_resend_lock',
  `select status = 'confirmed' and cancel_requested_at is null
            and exists (select from ticket_documents d where d.reservation_id = $1 and d.revision = r.revision) as sendable,
          ${WAITS_FOR_A_BUYER} as waits_for_a_buyer
     from reservations r where id = $1 for update`,
);
const WAIT = sql<{ seconds: number }>(
  'mail_resend_wait',
  `select greatest(1, ceil(extract(epoch from m.requested_at + interval '1 hour' - clock_timestamp())))::int as seconds
     from reservations this
     join reservations r on r.buyer_key = this.buyer_key and r.client is not distinct from this.client
     join mails m on m.reservation_id = r.id
    where this.id = $1 and m.kind = 'tickets' and m.requested_at > clock_timestamp() - interval '1 hour'
    order by m.requested_at desc offset $2::int - 1 limit 1`,
);
const NEXT = sql<{ sequence: number; codes: string[] }>(
  'mail_resend',
  `with next as (select coalesce(max(sequence), 0) + 1 as sequence from mails where reservation_id = $1 and kind = 'tickets')
   select sequence, array(select code from tickets where reservation_id = $1 and status <> 'void') as codes
     from next`,
);
const OWE = sql(
  'mail_resend_owe',
  `with owed as (insert into mails (reservation_id, kind, sequence, message_id) values ($1, 'tickets', $2, $3))
   insert into outbox (kind, subject, sequence) values ('resend', $1, $2)`,
);
/** With tickets, from one client to one mailbox. */
export const MAX_MAILS_AN_HOUR = 20;

export type ResendResult =
  | { kind: 'ordered'; sequence: number }
  | { kind: 'no_tickets' }
  | { kind: 'too_many'; /** Until one more is allowed. */ seconds: number };

/**
 * Orders another mail with the tickets.
 * @param options.mailsAnHour how many one client may send to one mailbox, over all its reservations, to protect it;
 * null: any number
 * @param options.request the Idempotency-Key of the call, if it has one: the same key again orders nothing
 */
export async function orderResend(
  db: Database,
  reservationId: string,
  actor: string,
  { mailsAnHour, request }: { mailsAnHour: number | null; request: KeyedRequest | null },
): Promise<ResendResult | KnownKey> {
  return db.transaction((tx) =>
    oncePerKey(
      tx,
      request,
      () => owe(tx, reservationId, actor, mailsAnHour),
      (result) => (result.kind === 'ordered' ? String(result.sequence) : null),
    ),
  );
}

const REPLACE = sql(
  'mail_replace',
  `update mails set refused = ${REPLACED} where reservation_id = $1 and kind = 'tickets' and sequence > 0
      and sent_at is null and refused is null`,
);

const FIRST_ENDED = sql<{ ended: boolean }>(
  'mail_first_ended',
  `select exists (select from mails where reservation_id = $1 and kind = 'tickets' and sequence = 0 and (sent_at is not null or refused is not null)) as ended`,
);

/**
 * Has the tickets of a sale mailed as they now are. While its first mail is owed nothing is ordered: the reservation's
 * workflow sends that mail, with the tickets of that moment. A first mail that was refused is no longer owed.
 * @returns whether a mail was ordered; those that waited beside the first are replaced by it
 */
export async function oweTicketsAnew(tx: Queryable, reservationId: string): Promise<boolean> {
  const [first] = await tx.rows(FIRST_ENDED, [reservationId]);
  if (first!.ended) await oweChangedTickets(tx, reservationId);
  // That one is enough.
  else await tx.run(REPLACE, [reservationId]);
  return first!.ended;
}

/** Orders a mail with the tickets of a sale as they now are, in place of those that wait. */
async function oweChangedTickets(tx: Queryable, reservationId: string): Promise<void> {
  await tx.run(REPLACE, [reservationId]);
  const [next] = await tx.rows(NEXT, [reservationId]);
  const { sequence, codes } = next!;
  await tx.run(OWE, [reservationId, sequence, ticketsMessageId(reservationId, sequence, codes)]);
}

const OWE_REFUSED = sql(
  'mail_owe_refused',
  `with again as (
     update mails m set refused = null, requested_at = clock_timestamp(), nudged_at = null from reservations r
      where m.reservation_id = $1 and r.id = m.reservation_id and m.kind <> 'tickets'
        and m.refused is not null and m.refused <> ${REPLACED}
        and (m.kind <> 'event_changed' or (r.status = 'confirmed' and r.cancel_requested_at is null))
     returning m.id)
   insert into outbox (kind, subject) select 'mail', id::text from again`,
);

/** Orders again what a reservation's buyer was written and the address did not take; the tickets aside. */
export async function oweRefusedMails(tx: Queryable, reservationId: string): Promise<void> {
  await tx.run(OWE_REFUSED, [reservationId]);
}

async function owe(
  tx: Queryable,
  reservationId: string,
  actor: string,
  mailsAnHour: number | null,
): Promise<ResendResult> {
  // Of two orders at once the second counts the first.
  await tx.run(LOCK_BUYER, [reservationId]);
  const [reservation] = await tx.rows(LOCK, [reservationId]);
  if (!reservation?.sendable) return { kind: 'no_tickets' };
  // The first mail is owed still, and goes when there is a buyer: more would all go then.
  if (reservation.waits_for_a_buyer) return { kind: 'ordered', sequence: 0 };
  const [wait] = mailsAnHour === null ? [] : await tx.rows(WAIT, [reservationId, mailsAnHour]);
  if (wait) return { kind: 'too_many', seconds: wait.seconds };
  const [next] = await tx.rows(NEXT, [reservationId]);
  const { sequence, codes } = next!;
  await tx.run(OWE, [reservationId, sequence, ticketsMessageId(reservationId, sequence, codes)]);
  await appendHistory(tx, reservationId, 'tickets.resend_requested', actor, { sequence });
  return { kind: 'ordered', sequence };
}
