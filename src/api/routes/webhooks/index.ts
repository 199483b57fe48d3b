import { z } from 'zod';
import type { Database } from '../../../db/database';
import type { Notify } from '../../../db/outbox-notifier';
import { recordPayment, recordPaymentFailure } from '../../../db/payments';
import { faultPoint } from '../../../fault-points';
import { defineRoute, type Reply } from '../../route';
import { readStandard, readStripe, type Notice } from './notices';
import { standardMessage, stripeMessage } from './schema';
import { verifyStandard, verifyStripe } from './signatures';

const received = z
  .object({ received: z.boolean(), ignored: z.boolean() })
  .meta({ id: 'WebhookReceipt', examples: [{ received: true, ignored: false }] });

const STANDARD_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

export interface WebhookRouteDeps {
  db: Database;
  /** Tells the relays that a queue of the outbox has entries. */
  notify: Notify;
  /** Payments are also written into the test provider's books. */
  testProvider: boolean;
  webhookSecrets: {
    stripe: readonly string[] | undefined;
    standard: readonly string[] | undefined;
  };
}

/**
 * Payment providers' webhooks: checked, kept in the inbox, answered 200; the actor does the rest. What was answered 200
 * can no longer be lost.
 */
export function webhookRoutes({ db, notify, testProvider, webhookSecrets }: WebhookRouteDeps) {
  async function keep(notice: Notice, source: 'stripe' | 'standard'): Promise<Reply> {
    if (notice.kind === 'paid') {
      await recordPayment(
        db,
        { ...notice.payment, source, actor: source },
        { strict: false, testProvider },
      );
      faultPoint('webhook.recorded');
      notify('commands');
    } else if (notice.kind === 'failed') {
      await recordPaymentFailure(db, { ...notice, actor: source });
    }
    return { status: 200, body: { received: true, ignored: notice.kind === 'ignored' } };
  }

  const common = {
    method: 'post',
    tag: 'Webhooks',
    access: 'provider',
    kind: 'sale',
    signed: true,
    responses: { 200: { description: 'Kept, or not of interest (`ignored`)', schema: received } },
    problems: ['signature_invalid', 'malformed_request', 'validation_failed'],
  } as const;

  return [
    defineRoute({
      ...common,
      path: '/v1/webhooks/stripe',
      body: stripeMessage,
      operationId: 'receiveStripeWebhook',
      summary: "Stripe's events",
      description:
        'Handled: `payment_intent.succeeded`, `checkout.session.completed` (paid), `payment_intent.payment_failed`, with the reservation in `metadata.reservation_id`. Everything else is answered 200 and ignored.',
      headers: { 'Stripe-Signature': z.string().meta({ description: "Stripe's signature" }) },
      handle: ({ bytes, ctx }) =>
        keep(
          readStripe(verifyStripe(bytes, ctx.get('stripe-signature'), webhookSecrets.stripe)),
          'stripe',
        ),
    }),

    defineRoute({
      ...common,
      path: '/v1/webhooks/standard',
      body: standardMessage,
      operationId: 'receiveStandardWebhook',
      summary: 'Events of any provider that speaks Standard Webhooks',
      description:
        '`{ "type": "payment.succeeded" | "payment.failed", "data": { "reservation", "reference", "amount", "currency" } }`. Other types are answered 200 and ignored.',
      headers: Object.fromEntries(
        STANDARD_HEADERS.map((name) => [
          name,
          z.string().meta({ description: 'See standardwebhooks.com' }),
        ]),
      ),
      handle({ bytes, ctx }) {
        const headers = Object.fromEntries(STANDARD_HEADERS.map((name) => [name, ctx.get(name)]));
        const event = verifyStandard(bytes, headers, webhookSecrets.standard);
        return keep(readStandard(event, ctx.get('webhook-id')), 'standard');
      },
    }),
  ];
}
