import { sql, type Database, type Queryable } from './database';
import type { CapturedBy } from './payments';
import { appendHistory } from './transitions';

export interface RefundJob {
  paymentId: number;
  reference: string;
  reservationId: string;
  amount: number;
  currency: string;
  capturedBy: CapturedBy;
  status: 'captured' | 'refunding' | 'refunded';
  /** A mail to the buyer is owed with this refund. */
  mailDue: boolean;
}

const FIND = sql<RefundJob>(
  'refund_find',
  // Of the payments of one reference a provider captured one at most.
  `select p.id as "paymentId", p.reference, p.reservation_id as "reservationId", p.amount, p.currency,
          p.captured_by as "capturedBy", p.status,
          exists (select from mails m where m.reference = p.reference and m.reservation_id = p.reservation_id
                    and m.sent_at is null and m.refused is null) as "mailDue"
     from payments p where p.reference = $1 order by p.captured_by = 'client', p.id limit 1`,
);

/** The payment of a reference that a provider captured, or else what a client took under it. */
export async function findRefund(db: Queryable, reference: string): Promise<RefundJob | null> {
  const [row] = await db.rows(FIND, [reference]);
  return row ?? null;
}

const DONE = sql(
  'refund_done',
  `update payments set status = 'refunded', refunded_at = clock_timestamp(), refund_error = null
    where id = $1 and captured_by = $2 and status = 'refunding'`,
);
const HAS_RESERVATION = sql('refund_reservation', 'select id from reservations where id = $1');

export async function markRefunded(db: Database, refund: RefundJob): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await tx.run(DONE, [refund.paymentId, refund.capturedBy])) === 0) return;
    const known = await tx.rows(HAS_RESERVATION, [refund.reservationId]);
    if (known.length === 0) return;
    const { reference, amount, currency } = refund;
    await appendHistory(tx, refund.reservationId, 'refund.succeeded', 'system', {
      reference,
      amount,
      currency,
    });
  });
}

const FAILED = sql(
  'refund_failed',
  `update payments set refund_error = $2 where id = $1 and status = 'refunding'`,
);

/** Notes why a refund does not go through; it stays `refunding` and is tried again. */
export async function noteRefundError(
  db: Queryable,
  paymentId: number,
  reason: string,
): Promise<void> {
  await db.run(FAILED, [paymentId, reason.slice(0, 500)]);
}

const LEDGER_REFUND = sql(
  'test_provider_refund',
  // A claim that was contradicted meanwhile is no longer this provider's.
  `insert into test_provider.refunds (idempotency_key, reference, amount, currency)
   select 'refund:' || reference, reference, $2, currency from payments where id = $1 and captured_by = 'test' for share
   on conflict (idempotency_key) do nothing`,
);

/** The test provider's side of a refund: one entry a payment. Amount in minor units. */
export async function writeTestRefund(
  db: Queryable,
  refund: Pick<RefundJob, 'paymentId' | 'amount'>,
): Promise<void> {
  await db.run(LEDGER_REFUND, [refund.paymentId, refund.amount]);
}
