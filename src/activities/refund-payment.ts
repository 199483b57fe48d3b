import { ApplicationFailure } from '@temporalio/activity';
import type { Database } from '../db/database';
import { findRefund, markRefunded, noteRefundError, type RefundJob } from '../db/refunds';
import { faultPoint } from '../fault-points';
import type { PaymentProviders, RefundResult } from './ports';

const REFUSED_RETRY_DELAY = '15 minutes';

/** Asks the provider that captured the payment, and no other. */
async function giveBack(refund: RefundJob, providers: PaymentProviders): Promise<RefundResult> {
  if (refund.amount === 0) return { kind: 'refunded' };
  if (refund.capturedBy === 'client') return { kind: 'refused', reason: 'not_through_a_provider' };
  const provider = providers[refund.capturedBy];
  return provider ? provider.refund(refund) : { kind: 'refused', reason: 'provider_not_set_up' };
}

export const createRefundActivities = ({
  db,
  providers,
}: {
  db: Database;
  providers: PaymentProviders;
}) => ({
  /**
   * Gives a payment back, once: the provider knows the reference as idempotency key, so an attempt whose answer was
   * lost is repeated without harm.
   * @returns for whom a mail is owed with it, if for anybody
   */
  async refundPayment(reference: string): Promise<{ mailDueTo: string | null }> {
    const refund = await findRefund(db, reference);
    if (!refund || refund.status === 'captured') return { mailDueTo: null };
    if (refund.status === 'refunding') {
      const result = await giveBack(refund, providers);
      if (result.kind === 'refused') {
        await noteRefundError(db, refund.paymentId, result.reason);
        throw ApplicationFailure.create({
          message: `Refund of ${reference} refused: ${result.reason}`,
          type: 'RefundRefused',
          nextRetryDelay: REFUSED_RETRY_DELAY,
        });
      }
      faultPoint('refund.paid');
      await markRefunded(db, refund);
    }
    return { mailDueTo: refund.mailDue ? refund.reservationId : null };
  },
});
