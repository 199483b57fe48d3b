import { sql, type Queryable } from './database';
import {
  recordDispute,
  recordProviderRefund,
  recordRefundedTotal,
  type ProviderDispute,
  type ProviderRefund,
  type RefundedTotal,
} from './refunds';

/** An event about a payment that a provider has reported, or will report. */
export type PaymentEvent =
  | ({ kind: 'refund' } & ProviderRefund)
  | ({ kind: 'refunded_total' } & RefundedTotal)
  | ({ kind: 'dispute' } & ProviderDispute);

function record(db: Queryable, event: PaymentEvent, actor: string): Promise<boolean> {
  switch (event.kind) {
    case 'refund':
      return recordProviderRefund(db, event, actor);
    case 'refunded_total':
      return recordRefundedTotal(db, event, actor);
    case 'dispute':
      return recordDispute(db, event, actor);
  }
}

const KEEP = sql<{ kept: boolean }>(
  'early_event_keep',
  'select keep_early_event($1, $2, $3, $4) as kept',
);

/**
 * Records an event about a payment. If it arrives before the payment itself, it is kept and recorded with the payment.
 * @returns whether the payment is known
 */
export async function recordPaymentEvent(
  db: Queryable,
  event: PaymentEvent,
  actor: string,
): Promise<boolean> {
  if (await record(db, event, actor)) return true;
  const { references, kind, ...told } = event;
  const [row] = await db.rows(KEEP, [references, kind, told, actor]);
  return row!.kept ? false : record(db, event, actor);
}

/** Stripe repeats an event for three days. */
const KEPT_DAYS = 7;

const FORGET = sql(
  'early_events_forget',
  `delete from early_events where id in (
     select id from early_events where received_at < now() - $1 * interval '1 day'
      order by received_at limit $2 for update skip locked)`,
);

/** Forgets events whose payment has not arrived within a week. @param most how many at once */
export async function forgetEarlyEvents(db: Queryable, most: number): Promise<number> {
  return db.run(FORGET, [KEPT_DAYS, most]);
}
