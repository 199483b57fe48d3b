import type { PaymentStatus } from '../domain/settlement';
import { isUuid } from '../domain/uuid';
import { sql, type Database, type Queryable } from './database';
import { asked, askedAfter, createList } from './list';
import { lockReservation } from './transitions';

export interface PaymentNotice {
  reference: string;
  reservationId: string;
  /** Minor units. */
  amount: number;
  currency: string;
  /** The id of the change of the reservation that it is for. */
  changeId?: string | null | undefined;
  source: 'stripe' | 'standard' | 'client' | 'signal';
  actor: string;
}

/** Who can refund a payment. `client`: no provider, because the client took the payment itself. */
export type CapturedBy = 'stripe' | 'test' | 'client';

export type RecordResult = {
  kind:
    | 'recorded'
    | 'known'
    | 'unknown'
    | 'cancelled'
    | 'expired'
    | 'confirmed'
    | 'mismatch'
    | 'change_ended';
  inboxId?: number | null;
  /** Of a mismatch: whose payment it is. */
  reservation?: string;
};

const KEEP = sql<{ result: RecordResult }>(
  'record_payment',
  'select record_payment_for($1, $2, $3, $4, $5, $6, $7, $8, $9) as result',
);

/**
 * @param testProvider the test provider is in use and captures every payment; otherwise Stripe
 * captures the payments that it proves
 */
export const capturedBy = (source: PaymentNotice['source'], testProvider: boolean): CapturedBy =>
  testProvider ? 'test' : source === 'stripe' ? 'stripe' : 'client';

/**
 * Records a payment, once for each reference, and signals its reservation's workflow: see
 * `record_payment_for` in the migrations.
 * @param strict for a client's `confirm`: a payment that cannot confirm the reservation is refused
 * and not recorded
 * @param testProvider see `capturedBy`
 */
export async function recordPayment(
  db: Queryable,
  notice: PaymentNotice,
  { strict, testProvider }: { strict: boolean; testProvider: boolean },
): Promise<RecordResult> {
  const { reference, reservationId, amount, currency, source, actor, changeId = null } = notice;
  const values = [
    reference,
    reservationId,
    amount,
    currency,
    source,
    actor,
    strict,
    capturedBy(source, testProvider),
    // What is no id of a change names none.
    changeId !== null && isUuid(changeId) ? changeId : null,
  ];
  const [row] = await db.rows(KEEP, values);
  return row!.result;
}

export type CancelRequestResult = {
  kind:
    | 'recorded'
    | 'unknown'
    | 'cancelled'
    | 'expired'
    | 'already_checked_in'
    | 'confirmed'
    | 'cancel_accepted'
    | 'exceeds';
  inboxId?: number | null;
  /** What could go back at most, in minor units. */
  left?: number;
};

/** How an operator wants a sale cancelled, instead of by the terms of its events. */
export interface CancelChoice {
  /** Minor units, or all or nothing. Absent: by the terms. */
  refund?: 'full' | 'none' | number;
  /** Even though somebody has come in. */
  allowCheckedIn?: true;
}

const KEEP_CANCEL = sql<{ result: CancelRequestResult }>(
  'accept_cancel',
  'select accept_cancel($1, $2, $3) as result',
);

/**
 * Accepts a cancel and signals the workflow: see `accept_cancel` in the migrations.
 * @param choice null: by the terms of the events
 */
export async function recordCancelRequest(
  db: Queryable,
  reservationId: string,
  actor: string,
  choice: CancelChoice | null = null,
): Promise<CancelRequestResult> {
  const [row] = await db.rows(KEEP_CANCEL, [
    reservationId,
    actor,
    choice && JSON.stringify(choice),
  ]);
  return row!.result;
}

/** Records a request to cancel a hold; what was confirmed before stays. */
export async function cancelHold(
  db: Database,
  reservationId: string,
  actor: string,
): Promise<CancelRequestResult> {
  return db.transaction(async (tx) => {
    const locked = await lockReservation(tx, reservationId);
    return locked?.status === 'confirmed'
      ? { kind: 'confirmed' }
      : recordCancelRequest(tx, reservationId, actor, null);
  });
}

export interface CancelPreview {
  /** Minor units. */
  refund: number;
  retained: number;
  currency: string;
  termsUntil: string | null;
}

const PREVIEW = sql<{ preview: CancelPreview }>(
  'cancel_preview',
  'select refund_by_terms($1) as preview',
);

/** What a cancel of a sale would give back now: see `refund_by_terms` in the migrations. */
export async function previewCancel(db: Queryable, reservationId: string): Promise<CancelPreview> {
  const [row] = await db.rows(PREVIEW, [reservationId]);
  return row!.preview;
}

const EXTEND = sql<{ result: { kind: 'extended' } }>(
  'extend_hold',
  'select extend_hold($1, $2, $3) as result',
);

export async function extendHold(
  db: Queryable,
  reservationId: string,
  defaultTtlSeconds: number,
  actor: string,
): Promise<'extended' | 'unknown' | 'cancelled' | 'expired' | 'confirmed' | 'limit'> {
  const [row] = await db.rows(EXTEND, [reservationId, defaultTtlSeconds, actor]);
  return row!.result.kind;
}

const NOTE_PROGRESS = sql(
  'record_payment_progress',
  `with recorded as (
     insert into inbox (reservation_id, kind, event_key, actor, handled_at, outcome)
     values ($1, 'payment_' || $5, $2, $3, clock_timestamp(), 'noted') on conflict (event_key) do nothing returning reservation_id)
   insert into history (reservation_id, type, actor, data)
   select r.id, 'payment.' || $5, $3, $4 from recorded join reservations r on r.id = recorded.reservation_id`,
);

/**
 * Notes that a payment has failed, or is on its way: in the history, once per event. The hold is not touched: the buyer
 * may try again, and what is on its way may never come.
 */
export async function recordPaymentProgress(
  db: Queryable,
  progress: {
    kind: 'failed' | 'pending';
    reservationId: string;
    eventKey: string;
    actor: string;
    reference: string;
  },
): Promise<void> {
  const { kind, reservationId, eventKey, actor, reference } = progress;
  await db.run(NOTE_PROGRESS, [reservationId, eventKey, actor, { reference }, kind]);
}

const UNMATCHED = sql(
  'record_unmatched_payment',
  'select record_unmatched_payment($1, $2, $3, $4, $5, $6)',
);

/**
 * Keeps a payment that is not of our account or mode: it confirms nothing, is never refunded by itself, and is a note.
 * @param why what was expected, and what came
 */
export async function recordUnmatchedPayment(
  db: Queryable,
  payment: Omit<PaymentNotice, 'actor'>,
  why: { expected: string; came: string },
): Promise<void> {
  const { reference, reservationId, amount, currency, source } = payment;
  await db.run(UNMATCHED, [reference, reservationId, amount, currency, source, why]);
}

const WITHOUT_RESERVATION = sql<{ count: number; oldest_s: number }>(
  'payments_without_reservation',
  `select count(*) as count, coalesce(extract(epoch from clock_timestamp() - min(p.received_at)), 0)::float8 as oldest_s
     from payments p where p.role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id)`,
);

/** Payments that wait for a reservation which does not exist (yet), and the age of the oldest in seconds. */
export async function readUnknownPayments(
  db: Queryable,
): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await db.rows(WITHOUT_RESERVATION);
  return { count: row!.count, oldestSeconds: row!.oldest_s };
}

const TOTAL_OF = sql<{ currency: string }>(
  'payment_currency_of',
  'select currency from reservations where id = $1 and total = 0',
);

/** The currency of a reservation that costs nothing; null if it costs something, or is none. */
export async function findFreeReservation(
  db: Queryable,
  reservationId: string,
): Promise<{ currency: string } | null> {
  const [row] = await db.rows(TOTAL_OF, [reservationId]);
  return row ?? null;
}

const HANDLED = sql<{ id: number; outcome: string }>(
  'inbox_handled',
  'select id, outcome from inbox where id = any ($1) and handled_at is not null',
);

/** The outcomes of those inbox rows that have been handled. */
export async function findHandled(
  db: Queryable,
  ids: readonly number[],
): Promise<Map<number, string>> {
  const rows = await db.rows(HANDLED, [ids]);
  return new Map(rows.map((row) => [row.id, row.outcome]));
}

export interface PaymentRecord {
  reference: string;
  reservation: string;
  reservationExists: boolean;
  amount: { amount: number; currency: string };
  source: string;
  provenBy: 'stripe' | 'standard' | null;
  capturedBy: CapturedBy;
  refunded: { amount: number; currency: string };
  /** `unmatched`: another account's, or of the other mode; it confirms nothing. */
  status: PaymentStatus | 'unmatched';
  refundReason: string | null;
  refundError: string | null;
  receivedAt: string;
  refundedAt: string | null;
}

const readPage = createList<{ payment: PaymentRecord; at: string }>(
  [
    {
      status: (status) =>
        `case p.role when 'unmatched' then 'unmatched' else p.status end = ${status}`,
    },
    { reservation: (id) => `p.reservation_id = ${id}` },
    {
      existing: () => `exists (select from reservations v where v.id = p.reservation_id)`,
      // Only what confirms nothing can be without its reservation: few of all.
      missing: () =>
        `p.role <> 'confirming' and not exists (select from reservations v where v.id = p.reservation_id)`,
    },
    {
      after: (at, reference) => `(p.received_at, p.reference) < (${at}::timestamptz, ${reference})`,
    },
  ],
  (combination, text) =>
    sql<{ payment: PaymentRecord; at: string }>(`payments_page_${combination}`, text),
  ({ where, limit }) => `select payment_document(p) || jsonb_build_object(
            'reservation', p.reservation_id, 'source', p.source,
            'reservationExists', exists (select from reservations r where r.id = p.reservation_id),
            'refundReason', p.refund_reason, 'refundError', p.refund_error,
            'refundedAt', rfc3339(p.refunded_at)) as payment,
          rfc3339_us(p.received_at) as at
     from payments p ${where} order by p.received_at desc, p.reference desc limit ${limit}`,
);

/** One page of payments, newest first, including payments for reservations that never existed. */
export async function listPayments(
  db: Queryable,
  filter: {
    status?: string | undefined;
    reservation?: string | undefined;
    reservationExists?: boolean | undefined;
  },
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ payment: PaymentRecord; at: string }[]> {
  const { reservationExists: exists } = filter;
  const existence =
    exists === undefined ? null : { form: exists ? 'existing' : 'missing', values: [] };
  return readPage(
    db,
    [
      asked('status', filter.status),
      asked('reservation', filter.reservation),
      existence,
      askedAfter(after),
    ],
    limit,
  );
}
