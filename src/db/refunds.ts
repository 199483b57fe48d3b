import { sql, type Database, type Queryable } from './database';
import { appendHistory } from './transitions';

export interface RefundJob {
  reference: string;
  reservationId: string;
  amount: number;
  currency: string;
  source: 'stripe' | 'standard' | 'client' | 'signal';
  status: 'captured' | 'refunding' | 'refunded';
  /** A mail to the buyer is owed with this refund. */
  mailDue: boolean;
}

const FIND = sql<RefundJob>(
  'refund_find',
  `select p.reference, p.reservation_id as "reservationId", p.amount, p.currency, p.source, p.status,
          exists (select from mails m where m.reference = p.reference and m.sent_at is null and m.refused is null) as "mailDue"
     from payments p where p.reference = $1`,
);

export async function findRefund(db: Queryable, reference: string): Promise<RefundJob | null> {
  const [row] = await db.rows(FIND, [reference]);
  return row ?? null;
}

const DONE = sql(
  'refund_done',
  `update payments set status = 'refunded', refunded_at = clock_timestamp(), refund_error = null
    where reference = $1 and status = 'refunding'`,
);
const HAS_RESERVATION = sql('refund_reservation', 'select id from reservations where id = $1');

export async function markRefunded(db: Database, refund: RefundJob): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await tx.run(DONE, [refund.reference])) === 0) return;
    const known = await tx.rows(HAS_RESERVATION, [refund.reservationId]);
    if (known.length === 0) return;
    const { reference, amount, currency } = refund;
    await appendHistory(tx, refund.reservationId, 'refund.succeeded', 'system', { reference, amount, currency });
  });
}

const FAILED = sql(
  'refund_failed',
  `update payments set refund_error = $2 where reference = $1 and status = 'refunding'`,
);

/** Notes why a refund does not go through; it stays `refunding` and is tried again. */
export async function noteRefundError(db: Queryable, reference: string, reason: string): Promise<void> {
  await db.run(FAILED, [reference, reason.slice(0, 500)]);
}

const LEDGER_REFUND = sql(
  'test_provider_refund',
  `insert into test_provider.refunds (idempotency_key, reference, amount, currency) values ($1, $2, $3, $4)
   on conflict (idempotency_key) do nothing`,
);

/** The test provider's side of a refund: one entry per idempotency key. */
export async function writeTestRefund(
  db: Queryable,
  idempotencyKey: string,
  refund: Pick<RefundJob, 'reference' | 'amount' | 'currency'>,
): Promise<void> {
  await db.run(LEDGER_REFUND, [idempotencyKey, refund.reference, refund.amount, refund.currency]);
}
