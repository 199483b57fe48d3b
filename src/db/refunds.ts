import { sql, type Database, type Queryable } from './database';
import { asked, askedAfter, createList } from './list';
import type { CapturedBy } from './payments';
import type { RefundReason, RefundStatus } from '../domain/settlement';

/** Who gives a refund back; `provider`: one that the provider made without us. */
type RefundBy = CapturedBy | 'provider';

/** A refund as the API shows it: see `refund_document` in the migrations. */
export interface RefundRecord {
  id: string;
  /** The payment's reference. */
  payment: string;
  reservation: string;
  /** Minor units. */
  amount: { amount: number; currency: string };
  status: RefundStatus;
  by: RefundBy;
  reason: string;
  error: string | null;
  createdAt: string;
  succeededAt: string | null;
}

/** A refund as its provider is asked for it. */
export interface RefundOrder {
  id: string;
  paymentId: number;
  reference: string;
  reservationId: string;
  /** Minor units. */
  amount: number;
  currency: string;
  by: RefundBy;
  status: RefundStatus;
  reason: RefundReason | 'operator' | 'provider';
  error: string | null;
  /** The provider's id of it, once it was asked. */
  providerRefundId: string | null;
  /** The key under which the provider is asked, always the same. */
  providerKey: string;
  /** A dispute of the payment is open. */
  disputed: boolean;
  /** Since it was ordered. */
  ageSeconds: number;
}

const FIND = sql<RefundOrder>(
  'refund_find',
  `select r.id, r.payment_id as "paymentId", p.reference, p.reservation_id as "reservationId", r.amount, p.currency, r.given_by as by,
          r.status, r.reason, r.error, r.provider_refund_id as "providerRefundId",
          coalesce(r.provider_key, r.id::text) as "providerKey",
          exists (select from disputes d where d.payment_id = p.id and d.status = 'open') as disputed,
          extract(epoch from clock_timestamp() - r.created_at)::float8 as "ageSeconds"
     from refunds r join payments p on p.id = r.payment_id where r.id = $1`,
);

export async function findRefund(db: Queryable, id: string): Promise<RefundOrder | null> {
  const [row] = await db.rows(FIND, [id]);
  return row ?? null;
}

const OF_REFERENCE = sql<{ id: string }>(
  'refund_of_reference',
  `select r.id from refunds r join payments p on p.id = r.payment_id
    where p.reference = $1 and r.status = 'pending' and r.given_by <> 'provider' order by r.created_at limit 100`,
);
const LATE_MAIL = sql<{ reservationId: string }>(
  'refund_late_mail',
  `select m.reservation_id as "reservationId" from mails m
     join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id
    where m.reference = $1 and m.kind = 'late_payment_refund' and m.sent_at is null and m.refused is null
      and p.status = 'refunded' limit 1`,
);

/** The ids of the pending refunds of a payment. Workflows of release 1.0 know refunds by the payment's reference. */
export async function findPendingRefundsOf(db: Queryable, reference: string): Promise<string[]> {
  return (await db.rows(OF_REFERENCE, [reference])).map(({ id }) => id);
}

/** The reservation whose buyer is still to get release 1.0's mail about this refund; null if none is owed. */
export async function findLateRefundMail(db: Queryable, reference: string): Promise<string | null> {
  const [row] = await db.rows(LATE_MAIL, [reference]);
  return row?.reservationId ?? null;
}

const MOVE = sql<{ moved: boolean }>(
  'refund_move',
  'select move_refund($1, $2, $3, $4, $5, $6, $7) as moved',
);

/**
 * Changes the status of a refund: see `move_refund` in the migrations.
 * @param change.wake signal the refund's workflow: the change does not come from the workflow itself
 */
export async function moveRefund(
  db: Queryable,
  id: string,
  change: {
    status: RefundStatus;
    providerRefundId?: string | null;
    error?: string | null;
    note?: string | null;
    actor: string;
    wake: boolean;
  },
): Promise<void> {
  const { status, providerRefundId = null, error = null, note = null, actor, wake } = change;
  await db.run(MOVE, [
    id,
    status,
    providerRefundId,
    error?.slice(0, 500) ?? null,
    note,
    actor,
    wake,
  ]);
}

/** A refund as a provider reports it. */
export interface ProviderRefund {
  /** The references that the payment may have: Stripe's PaymentIntent, its Charge. */
  references: string[];
  providerRefundId: string;
  /** Our own id, where the provider gives it back. */
  refundId: string | null;
  /** Minor units. */
  amount: number;
  currency: string;
  status: RefundStatus;
  error: string | null;
}

const RECORD = sql<{ known: boolean }>(
  'refund_record_provider',
  'select record_provider_refund($1, $2, $3, $4, $5, $6, $7, $8) as known',
);

/** Records a refund that a provider reports. @returns whether its payment is known */
export async function recordProviderRefund(
  db: Queryable,
  refund: ProviderRefund,
  actor: string,
): Promise<boolean> {
  const { references, providerRefundId, refundId, amount, currency, status, error } = refund;
  const [row] = await db.rows(RECORD, [
    references,
    providerRefundId,
    refundId,
    amount,
    currency,
    status,
    error?.slice(0, 500) ?? (status === 'failed' ? 'failed' : null),
    actor,
  ]);
  return row!.known;
}

const RECORD_TOTAL = sql<{ known: boolean }>(
  'refund_record_total',
  'select record_refunded_total($1, $2, $3, $4) as known',
);

/** The sum that a provider has refunded of a payment so far. */
export interface RefundedTotal {
  /** The references that the payment may have. */
  references: string[];
  /** Minor units. */
  amount: number;
  currency: string;
}

/** Records the sum that a provider has refunded of a payment. @returns whether the payment is known */
export async function recordRefundedTotal(
  db: Queryable,
  total: RefundedTotal,
  actor: string,
): Promise<boolean> {
  const values = [total.references, total.amount, total.currency, actor];
  const [row] = await db.rows(RECORD_TOTAL, values);
  return row!.known;
}

const RECORD_DISPUTE = sql<{ known: boolean }>(
  'dispute_record',
  'select record_dispute($1, $2, $3, $4, $5) as known',
);

/** A dispute as a provider reports it. */
export interface ProviderDispute {
  /** The references that the payment may have. */
  references: string[];
  /** The provider's. */
  id: string;
  /** Minor units. */
  amount: number;
  status: 'open' | 'won' | 'lost';
}

/** Records a dispute that a provider reports. @returns whether its payment is known */
export async function recordDispute(
  db: Queryable,
  dispute: ProviderDispute,
  actor: string,
): Promise<boolean> {
  const values = [dispute.references, dispute.id, dispute.amount, dispute.status, actor];
  const [row] = await db.rows(RECORD_DISPUTE, values);
  return row!.known;
}

export type OrderResult =
  { kind: 'ordered'; refund: string } | { kind: 'exceeds'; left: number } | { kind: 'nothing' };

const ORDER = sql<{ result: OrderResult }>(
  'refund_order',
  'select order_refund($1, $2, $3, $4, $5) as result',
);

/** Orders a refund, in the caller's transaction. @param amount minor units; null: all that is left of the payment */
export async function orderRefund(
  tx: Queryable,
  order: {
    paymentId: number;
    amount: number | null;
    reason: RefundReason | 'operator';
    reasonText?: string | null;
    actor: string;
  },
): Promise<OrderResult> {
  const { paymentId, amount, reason, reasonText = null, actor } = order;
  const [row] = await tx.rows(ORDER, [paymentId, amount, reason, reasonText, actor]);
  return row!.result;
}

const readPage = createList<{ refund: RefundRecord; at: string }>(
  [
    { status: (status) => `r.status = ${status}` },
    { after: (at, id) => `(r.created_at, r.id) < (${at}::timestamptz, ${id}::uuid)` },
  ],
  (combination, text) =>
    sql<{ refund: RefundRecord; at: string }>(`refunds_page_${combination}`, text),
  ({ where, limit }) => `select refund_document(r, p) as refund, rfc3339_us(r.created_at) as at
     from (select * from refunds r ${where} order by r.created_at desc, r.id desc limit ${limit}) r
     join payments p on p.id = r.payment_id order by r.created_at desc, r.id desc`,
);

/** One page of refunds, newest first. */
export async function listRefunds(
  db: Queryable,
  status: RefundStatus | undefined,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ refund: RefundRecord; at: string }[]> {
  return readPage(db, [asked('status', status), askedAfter(after)], limit);
}

/** A refund, the client of its reservation, and how its payment was reported. */
interface RefundRead {
  refund: RefundRecord;
  reservation: string;
  client: string | null;
  source: string;
}

const READ = sql<RefundRead>(
  'refund_read',
  `select refund_document(r, p) as refund, p.reservation_id as reservation, v.client, p.source
     from refunds r join payments p on p.id = r.payment_id left join reservations v on v.id = p.reservation_id
    where r.id = $1`,
);

/** Null if the id is unknown. */
export async function readRefund(db: Queryable, id: string): Promise<RefundRead | null> {
  const [row] = await db.rows(READ, [id]);
  return row ?? null;
}

const OF_RESERVATION = sql<{ id: number; reference: string; role: string }>(
  'refund_payments_of',
  `select id, reference, role from payments
    where reservation_id = $1 and role in ('confirming', 'surplus') and ($2::text is null or reference = $2)
    order by (payment_left(id) >= $3) desc, (role = 'confirming') desc, (change_id is null) desc, received_at desc limit 1`,
);

/**
 * The payment that a refund is for: the named one; else the one that confirmed the reservation, or, if too little is
 * left of it, the latest other that has enough left.
 * @param amount minor units
 */
export async function findRefundablePayment(
  db: Queryable,
  reservationId: string,
  { reference, amount }: { reference: string | null; amount: number },
): Promise<{ id: number; reference: string } | null> {
  const [row] = await db.rows(OF_RESERVATION, [reservationId, reference, amount]);
  return row ?? null;
}

/** How a pending refund stands: with the provider, refused by it, or to be given back by hand. */
export const REFUND_STATES = ['under_way', 'refused', 'by_hand'] as const;
export interface RefundBacklog {
  state: (typeof REFUND_STATES)[number];
  count: number;
  /** Of the oldest, in seconds. */
  oldest: number;
}

const BACKLOG = sql<RefundBacklog>(
  'refund_backlog',
  `select case when given_by = 'client' then 'by_hand' when error is not null then 'refused' else 'under_way' end as state,
          count(*) as count, extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest
     from refunds where status = 'pending' group by 1`,
);

/** The pending refunds by state; a state without any is absent. */
export async function readRefundBacklog(db: Queryable): Promise<RefundBacklog[]> {
  return db.rows(BACKLOG);
}

const TEST_BOOKS = sql(
  'test_provider_refund',
  // Not for a payment that turned out to be without provider, nor for a refund that has failed meanwhile; never more than
  // was charged.
  `insert into test_provider.refunds (idempotency_key, reference, amount, currency)
   select $2, p.reference, $3::bigint, p.currency from payments p join test_provider.charges c on c.reference = p.reference
     join refunds r on r.id = $4
    where p.id = $1 and p.captured_by = 'test' and r.status <> 'failed'
      and c.amount >= $3::bigint + (select coalesce(sum(b.amount), 0) from test_provider.refunds b where b.reference = p.reference)
      for share of p, r
   on conflict (idempotency_key) do nothing`,
);
const IN_TEST_BOOKS = sql<{ found: boolean }>(
  'test_provider_has_refund',
  'select exists (select from test_provider.refunds where idempotency_key = $1) as found',
);

/**
 * Makes a refund in the test provider's books, once for each key.
 * @returns whether it is in the books; false when more than the charge would be refunded
 */
export async function writeTestRefund(
  db: Database,
  refund: Pick<RefundOrder, 'id' | 'paymentId' | 'providerKey' | 'amount'>,
): Promise<boolean> {
  await db.run(TEST_BOOKS, [refund.paymentId, refund.providerKey, refund.amount, refund.id]);
  const [row] = await db.rows(IN_TEST_BOOKS, [refund.providerKey]);
  return row!.found;
}
