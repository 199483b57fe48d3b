import Stripe from 'stripe';
import type { PaymentProvider } from '../activities/ports';
import { toStripe } from './stripe-amounts';

const TIMEOUT_MS = 20_000;

/** Stripe's answers that a repeat will not change. */
const FINAL = new Set([
  'StripeInvalidRequestError',
  'StripeAuthenticationError',
  'StripePermissionError',
]);

/**
 * Refunds, through Stripe, what Stripe captured. The amount is always sent: without one Stripe gives back all of it.
 * @param baseUrl only for tests: a Stripe mock
 */
export function createStripeProvider(apiKey: string, baseUrl?: URL): PaymentProvider {
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
  return {
    async refund({ reference, amount: minorUnits, currency }) {
      const amount = toStripe({ amount: minorUnits, currency });
      if (amount === null) {
        return {
          kind: 'refused',
          reason: `${minorUnits} (minor units) is no amount of ${currency} that Stripe can refund`,
        };
      }
      try {
        const target = /^(ch|py)_/.test(reference)
          ? { charge: reference }
          : { payment_intent: reference };
        const refund = await stripe.refunds.create(
          { ...target, amount },
          { idempotencyKey: `refund:${reference}:${amount}` },
        );
        if (refund.status === 'failed' || refund.status === 'canceled') {
          return { kind: 'refused', reason: refund.failure_reason ?? refund.status };
        }
        return { kind: 'refunded' };
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeError)) throw error;
        // Given back before, by us with a key that Stripe has forgotten, or by hand: the buyer has the money.
        if (error.code === 'charge_already_refunded') return { kind: 'refunded' };
        if (FINAL.has(error.type)) return { kind: 'refused', reason: error.code ?? error.type };
        throw error;
      }
    },
  };
}
