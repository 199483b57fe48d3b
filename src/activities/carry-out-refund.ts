import { ApplicationFailure } from '@temporalio/activity';
import type { RefundProgress } from '../contracts/reservation';
import type { Database } from '../db/database';
import {
  findLateRefundMail,
  findPendingRefundsOf,
  findRefund,
  moveRefund,
  recordProviderRefund,
  type RefundOrder,
} from '../db/refunds';
import { faultPoint } from '../fault-points';
import { inSpan } from '../spans';
import type { PaymentProviders, RefundAnswer } from './ports';

const REFUSED_RETRY_DELAY = '15 minutes';

/** Asks the provider that captured the payment, and no other. */
async function ask(order: RefundOrder, providers: PaymentProviders): Promise<RefundAnswer> {
  if (order.by === 'client' || order.by === 'provider')
    return { kind: 'refused', reason: 'not_through_a_provider' };
  if (order.disputed) return { kind: 'refused', reason: 'payment_disputed' };
  const provider = providers[order.by];
  if (!provider) return { kind: 'refused', reason: 'provider_not_set_up' };
  return inSpan(`refund by ${order.by}`, {}, () => provider.refund(order));
}

export const createRefundActivities = ({
  db,
  providers,
}: {
  db: Database;
  providers: PaymentProviders;
}) => {
  const actor = 'system';

  /** Requests a pending refund from its provider and records the answer. */
  async function carryOut(order: RefundOrder): Promise<void> {
    const answer = await ask(order, providers);
    // They may leave less of the payment than is ordered: then another order takes the place of this one.
    if ('made' in answer && answer.made)
      for (const made of answer.made) await recordProviderRefund(db, made, order.by);
    if (answer.kind === 'refused') {
      await moveRefund(db, order.id, {
        status: 'pending',
        error: answer.reason,
        actor,
        wake: false,
      });
      return;
    }
    faultPoint('refund.paid');
    if (answer.kind === 'superseded') {
      await moveRefund(db, order.id, { status: 'failed', error: 'superseded', actor, wake: false });
      return;
    }
    await moveRefund(db, order.id, {
      status: answer.kind,
      providerRefundId: answer.providerRefundId,
      error: answer.kind === 'failed' ? answer.reason : null,
      actor,
      wake: false,
    });
  }

  return {
    /**
     * Has a refund carried out, once, by the provider that captured its payment. The refund's id is the idempotency key,
     * so an attempt whose answer was lost can be repeated.
     * @returns its state afterwards; null if there is no such refund
     */
    async carryOutRefund(refundId: string): Promise<RefundProgress | null> {
      const order = await findRefund(db, refundId);
      if (!order) return null;
      if (order.status === 'pending') await carryOut(order);
      const now = (await findRefund(db, refundId))!;
      const { reference, reservationId, amount, currency, status, by, reason, error } = now;
      return {
        payment: reference,
        reservation: reservationId,
        amount: { amount, currency },
        status,
        by,
        reason,
        error,
      };
    },

    /**
     * Carries out the refunds of a payment for workflows of release 1.0, which know its reference.
     * @returns the reservation to which a mail about it is owed, if any
     */
    async refundPayment(reference: string): Promise<{ mailDueTo: string | null }> {
      for (const id of await findPendingRefundsOf(db, reference)) {
        const order = await findRefund(db, id);
        if (order?.status !== 'pending') continue;
        await carryOut(order);
        const after = await findRefund(db, id);
        if (after?.status === 'pending' && after.error !== null) {
          throw ApplicationFailure.create({
            message: `Refund of ${reference} refused: ${after.error}`,
            type: 'RefundRefused',
            nextRetryDelay: REFUSED_RETRY_DELAY,
          });
        }
      }
      return { mailDueTo: await findLateRefundMail(db, reference) };
    },
  };
};
