import { z } from 'zod';
import type { ProviderRefund } from '../db/refunds';
import type { RefundStatus } from '../domain/settlement';
import { amountForm, currencyForm, storedText } from './event-forms';
import { fromStripe } from './stripe-amounts';

/** An object of Stripe: its id, or expanded. */
export const named = z.union([storedText(255), z.object({ id: storedText(255) })]).nullish();
const refundObject = z.object({
  id: storedText(255),
  amount: amountForm,
  currency: currencyForm,
  status: z.string().nullish(),
  failure_reason: storedText(500).nullish().catch(null),
  payment_intent: named,
  charge: named,
  metadata: z.object({ refund_id: z.uuid().optional().catch(undefined) }).nullish(),
});

/** The ids that an object of Stripe names, whether expanded or not. */
export function idsOf(...values: (string | { id: string } | null | undefined)[]): string[] {
  return values.flatMap((value) => (typeof value === 'string' ? [value] : value ? [value.id] : []));
}

const statusOf = (status: string | null | undefined): RefundStatus =>
  status === 'succeeded'
    ? 'succeeded'
    : status === 'failed' || status === 'canceled'
      ? 'failed'
      : 'pending';

/**
 * Reads a refund from an event or an answer of Stripe. Amounts in ISO's minor units.
 * @param references further names of its payment
 * @returns null when the object is no refund
 */
export function readStripeRefund(
  value: unknown,
  references: readonly string[] = [],
): ProviderRefund | null {
  const read = refundObject.safeParse(value);
  if (!read.success) return null;
  const { id, amount, currency, status, failure_reason: why, metadata } = read.data;
  const money = fromStripe(amount, currency);
  if (money === null) return null;
  const state = statusOf(status);
  return {
    references: [...references, ...idsOf(read.data.payment_intent, read.data.charge)],
    providerRefundId: id,
    refundId: metadata?.refund_id ?? null,
    ...money,
    status: state,
    error: state === 'failed' ? (why ?? 'failed') : null,
  };
}
