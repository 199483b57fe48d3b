import Stripe from 'stripe';
import type { PaymentProvider, RefundAnswer } from '../activities/ports';
import type { ProviderRefund, RefundOrder } from '../db/refunds';
import { readStripeRefund } from './stripe-refund';
import { toStripe } from './stripe-amounts';

const TIMEOUT_MS = 20_000;
/**
 * Stripe forgets an idempotency key after a day at the earliest. An order whose answer was lost so long ago may have been
 * carried out under a key that is forgotten: it is looked for first.
 */
const KEY_LASTS_SECONDS = 12 * 3600;
/** More refunds than one payment ever has. */
const MAX_LISTED = 100;

/** Stripe's answers that a repeat will not change. */
const FINAL = new Set([
  'StripeInvalidRequestError',
  'StripeAuthenticationError',
  'StripePermissionError',
]);

/** Less than that is left of the charge. It has no code of its own. */
const isTooMuch = ({ type, param }: Stripe.errors.StripeError): boolean =>
  type === 'StripeInvalidRequestError' && param === 'amount';

function answerOf(refund: Stripe.Refund): RefundAnswer {
  const { id, status } = refund;
  if (status === 'succeeded') return { kind: 'succeeded', providerRefundId: id };
  if (status === 'failed' || status === 'canceled')
    return { kind: 'failed', providerRefundId: id, reason: refund.failure_reason ?? status };
  // `pending`, `requires_action`, and statuses that Stripe may add: the refund is not done yet.
  return { kind: 'pending', providerRefundId: id };
}

/** The account has no such payment, or the key may not act for it. */
const isOfAnotherAccount = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError &&
  (error.code === 'resource_missing' || error.type === 'StripePermissionError');

/**
 * Refunds payments that Stripe captured. The amount is always sent: without it Stripe refunds the whole payment.
 * @param options.account the connected account whose payments are ours, beside those of the key's own account
 * @param options.baseUrl for tests: the address of a server that stands in for Stripe
 */
export function createStripeProvider(
  apiKey: string,
  { account = null, baseUrl }: { account?: string | null; baseUrl?: URL | undefined } = {},
): PaymentProvider {
  const stripe = new Stripe(apiKey, {
    timeout: TIMEOUT_MS,
    // The workflow retries, with the same key.
    maxNetworkRetries: 0,
    telemetry: false,
    ...(baseUrl && {
      host: baseUrl.hostname,
      port: baseUrl.port,
      protocol: baseUrl.protocol === 'http:' ? 'http' : 'https',
    }),
  });

  const targetOf = (reference: string) =>
    /^(ch|py)_/.test(reference) ? { charge: reference } : { payment_intent: reference };

  /** Asks for the account that has the payment. */
  async function inItsAccount<Answer>(
    ask: (options: Stripe.RequestOptions) => Promise<Answer>,
  ): Promise<Answer> {
    if (account === null) return ask({});
    try {
      return await ask({ stripeAccount: account });
    } catch (error) {
      if (isOfAnotherAccount(error)) return ask({});
      throw error;
    }
  }

  /** In both accounts: the one that has no such payment may say so, or that it has no refunds. */
  async function listRefunds(asked: Stripe.RefundListParams): Promise<Stripe.Refund[]> {
    const found: Stripe.Refund[][] = [];
    let fault: unknown;
    for (const options of account === null ? [{}] : [{ stripeAccount: account }, {}]) {
      try {
        found.push((await stripe.refunds.list(asked, options)).data);
      } catch (error) {
        if (!isOfAnotherAccount(error)) throw error;
        fault = error;
      }
    }
    if (found.length === 0) throw fault;
    return found.flat();
  }

  /** Looks for our order among Stripe's refunds of the payment; if it is not there, they were made without us. */
  async function lookUp(order: RefundOrder): Promise<{
    ours: Stripe.Refund | undefined;
    others: ProviderRefund[];
  }> {
    const data = await listRefunds({ ...targetOf(order.reference), limit: MAX_LISTED });
    const ours = data.find(({ metadata }) => metadata?.refund_id === order.id);
    const others = data
      .filter((refund) => refund !== ours)
      .map((refund) => readStripeRefund(refund, [order.reference]))
      .filter((refund) => refund !== null);
    return { ours, others };
  }

  return {
    async refund(order) {
      const {
        id,
        reference,
        reservationId,
        amount: minorUnits,
        currency,
        providerRefundId,
        ageSeconds,
      } = order;
      const amount = toStripe({ amount: minorUnits, currency });
      if (amount === null) {
        return {
          kind: 'refused',
          reason: `${minorUnits} (minor units) is no amount of ${currency} that Stripe can refund`,
        };
      }
      try {
        if (providerRefundId !== null)
          return answerOf(
            await inItsAccount((options) => stripe.refunds.retrieve(providerRefundId, {}, options)),
          );
        if (ageSeconds > KEY_LASTS_SECONDS) {
          const { ours } = await lookUp(order);
          if (ours) return answerOf(ours);
        }
        const metadata = { refund_id: id, reservation_id: reservationId };
        return answerOf(
          await inItsAccount((options) =>
            stripe.refunds.create(
              { ...targetOf(reference), amount, metadata },
              { ...options, idempotencyKey: order.providerKey },
            ),
          ),
        );
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeError)) throw error;
        // Refunded before: by us under a key that has expired or was used with other parameters, or in the dashboard.
        if (
          error.code === 'charge_already_refunded' ||
          error instanceof Stripe.errors.StripeIdempotencyError ||
          isTooMuch(error)
        ) {
          const { ours, others } = await lookUp(order);
          if (ours) return answerOf(ours);
          if (error.code === 'charge_already_refunded') return { kind: 'superseded', made: others };
          if (isTooMuch(error))
            return { kind: 'refused', reason: 'amount_too_large', made: others };
          return { kind: 'refused', reason: 'idempotency_error' };
        }
        if (error.code === 'charge_disputed')
          return { kind: 'refused', reason: 'payment_disputed' };
        if (FINAL.has(error.type)) return { kind: 'refused', reason: error.code ?? error.type };
        throw error;
      }
    },
  };
}
