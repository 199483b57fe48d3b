import { ApplicationFailure } from '@temporalio/activity';
import type { Database } from '../db/database';
import { findRefund, markRefunded, noteRefundError } from '../db/refunds';
import { faultPoint } from '../fault-points';
import type { PaymentProvider } from './ports';

const REFUSED_RETRY_DELAY = '15 minutes';

export const createRefundActivities = ({ db, provider }: { db: Database; provider: PaymentProvider }) => ({
  /**
   * Gives a payment back, once: the provider knows the reference as idempotency key, so an attempt whose answer was
   * lost is repeated without harm.
   * @returns for whom a mail is owed with it, if for anybody
   */
  async refundPayment(reference: string): Promise<{ mailDueTo: string | null }> {
    const refund = await findRefund(db, reference);
    if (!refund || refund.status === 'captured') return { mailDueTo: null };
    if (refund.status === 'refunding') {
      const result = refund.amount === 0 ? ({ kind: 'refunded' } as const) : await provider.refund(refund);
      if (result.kind === 'refused') {
        await noteRefundError(db, reference, result.reason);
        throw ApplicationFailure.create({
          message: `The provider refuses to refund ${reference}: ${result.reason}`,
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
