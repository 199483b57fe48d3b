import type { Context } from 'koa';
import { z } from 'zod';
import type { Database } from '../../../db/database';
import type { Notify } from '../../../db/outbox-notifier';
import { recordPaymentEvent } from '../../../db/early-events';
import { noteEventNotUnderstood } from '../../../db/notes';
import {
  findFreeReservation,
  recordPayment,
  recordPaymentProgress,
  recordUnmatchedPayment,
  type RecordResult,
} from '../../../db/payments';
import { recordTogether, type ProvenPayment } from '../../../db/payment-batch';
import { faultPoint } from '../../../fault-points';
import { createBatches } from '../../batches';
import type { Pass } from '../../gate';
import type { ApiMetrics } from '../../metrics';
import { defineRoute, type Reply } from '../../route';
import type { Notice } from '../../../payments/notice';
import type { PaymentSetup } from '../../../payments/setup';
import { readStandardEvent } from '../../../payments/standard-events';
import { readStripeEvent } from '../../../payments/stripe-events';
import { noteReservation } from '../../request-log';
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
  payments: PaymentSetup;
  metrics: Pick<ApiMetrics, 'paymentBatch'>;
  /** How many payments are committed together at most; 1: each by itself. */
  paymentBatch: number;
  webhookSecrets: {
    stripe: readonly string[] | undefined;
    standard: readonly string[] | undefined;
  };
}

/** A call of a provider, whose signature was checked. */
interface Call {
  ctx: Context;
  aside: Pass['aside'];
}

/** What receives the events of each kind of provider. */
export interface Receivers {
  stripe: {
    /** @returns the event. @throws Problem when the signature is not valid */
    verify: (bytes: Buffer, signature: string) => unknown;
    receive: (call: Call, event: unknown) => Promise<Reply>;
  };
  standard: {
    /** @param headers those of `STANDARD_HEADERS`. @returns the event. @throws Problem when the signature is not valid */
    verify: (bytes: Buffer, headers: Record<string, string>) => unknown;
    receive: (call: Call, event: unknown, messageId: string) => Promise<Reply>;
  };
}

/** An event is recorded, then answered. What was answered 200 cannot be lost. */
export function createReceivers({
  db,
  notify,
  payments,
  metrics,
  paymentBatch,
  webhookSecrets,
}: WebhookRouteDeps): Receivers {
  const { testProvider } = payments;
  const batchesOf = () =>
    createBatches<ProvenPayment, RecordResult>({
      most: paymentBatch,
      fits: ({ changeId = null }) => changeId === null,
      claimsOf: ({ reference, reservationId }) => [
        `reference ${reference}`,
        `reservation ${reservationId}`,
      ],
      together: (notices) => recordTogether(db, notices, payments),
      observe: metrics.paymentBatch,
    });
  const recordInBatch = { stripe: batchesOf(), standard: batchesOf() };

  /** Records what an event means. @returns false when it is ignored */
  async function keep(
    notice: Notice,
    source: 'stripe' | 'standard',
    aside: Pass['aside'],
  ): Promise<boolean> {
    switch (notice.kind) {
      case 'paid': {
        const alone = (payment: ProvenPayment) =>
          recordPayment(db, payment, { strict: false, testProvider });
        // What goes with others needs no place at the gate.
        await aside((inside) =>
          recordInBatch[source]({ ...notice.payment, source, actor: source }, (payment) =>
            inside(() => alone(payment)),
          ),
        );
        return true;
      }
      case 'free': {
        const { reservationId, reference, type } = notice;
        const free = await findFreeReservation(db, reservationId);
        if (free) {
          const payment = { reference, reservationId, amount: 0, currency: free.currency };
          return keep({ kind: 'paid', payment }, source, aside);
        }
        const why = 'no payment was required, and the reservation costs something';
        const references = [reference];
        const unclear = { reservationId, references, afterPayment: false, type, why };
        return keep({ kind: 'not_understood', ...unclear }, source, aside);
      }
      case 'unmatched':
        await recordUnmatchedPayment(db, { ...notice.payment, source }, notice.why);
        return true;
      case 'failed':
      case 'pending':
        await recordPaymentProgress(db, { ...notice, actor: source });
        return true;
      case 'refunds': {
        const { refunds, total } = notice;
        const known: boolean[] = [];
        for (const refund of refunds)
          known.push(await recordPaymentEvent(db, { kind: 'refund', ...refund }, source));
        if (total)
          known.push(await recordPaymentEvent(db, { kind: 'refunded_total', ...total }, source));
        return known.includes(true);
      }
      case 'dispute':
        return recordPaymentEvent(db, notice, source);
      case 'not_understood': {
        const { type, why, ...about } = notice;
        await noteEventNotUnderstood(db, { ...about, data: { type, why, by: source } });
        return false;
      }
      case 'ignored':
        return false;
    }
  }

  async function receive(
    { ctx, aside }: Call,
    notice: Notice,
    source: 'stripe' | 'standard',
  ): Promise<Reply> {
    if ('payment' in notice) noteReservation(ctx, notice.payment.reservationId);
    else if ('reservationId' in notice && notice.reservationId !== null)
      noteReservation(ctx, notice.reservationId);
    const kept = await keep(notice, source, aside);
    faultPoint('webhook.recorded');
    if (kept) notify('commands');
    return { status: 200, body: { received: true, ignored: !kept } };
  }

  return {
    stripe: {
      verify: (bytes, signature) => verifyStripe(bytes, signature, webhookSecrets.stripe),
      receive: async (call, event) => receive(call, readStripeEvent(event, payments), 'stripe'),
    },
    standard: {
      verify: (bytes, headers) => verifyStandard(bytes, headers, webhookSecrets.standard),
      receive: async (call, event, messageId) =>
        receive(call, readStandardEvent(event, messageId), 'standard'),
    },
  };
}

/** Webhooks of payment providers. The workflow does the rest. */
export function webhookRoutes({ stripe, standard }: Receivers) {
  const common = {
    method: 'post',
    tag: 'Webhooks',
    access: 'provider',
    kind: 'sale',
    responses: { 200: { description: 'Kept, or not of interest (`ignored`)', schema: received } },
    problems: ['signature_invalid', 'malformed_request'],
  } as const;

  return [
    defineRoute({
      ...common,
      path: '/v1/webhooks/stripe',
      body: stripeMessage,
      operationId: 'receiveStripeWebhook',
      summary: "Stripe's events",
      description:
        'With the reservation in `metadata.reservation_id`: money that came (`payment_intent.succeeded`, `checkout.session.completed`, `checkout.session.async_payment_succeeded`), is on its way or has failed. Of payments that we know: `refund.*`, `charge.refunded`, `charge.dispute.*`. What names a reservation and is not understood becomes a note for the operator, unless its payment is known; so does a refund or dispute of a payment that we know and cannot read. A refund or dispute that arrives before its payment is answered `ignored`, kept for seven days, and counts once the payment arrives. Everything else with a valid signature is answered 200 and ignored.',
      headers: { 'Stripe-Signature': z.string().meta({ description: "Stripe's signature" }) },
      signed: (bytes, ctx) => stripe.verify(bytes, ctx.get('stripe-signature')),
      handle: ({ rawBody, ...call }) => stripe.receive(call, rawBody),
    }),

    defineRoute({
      ...common,
      path: '/v1/webhooks/standard',
      body: standardMessage,
      operationId: 'receiveStandardWebhook',
      summary: 'Events of any provider that speaks Standard Webhooks',
      description:
        '`{ "type": "payment.succeeded" | "payment.pending" | "payment.failed", "data": { "reservation", "reference", "amount", "currency" } }`. An event that is not understood (another type, no amount, a currency that is none) is answered 200 and ignored; one that names a reservation of ours becomes a note for the operator.',
      headers: Object.fromEntries(
        STANDARD_HEADERS.map((name) => [
          name,
          z.string().meta({ description: 'See standardwebhooks.com' }),
        ]),
      ),
      signed: (bytes, ctx) =>
        standard.verify(
          bytes,
          Object.fromEntries(STANDARD_HEADERS.map((name) => [name, ctx.get(name)])),
        ),
      handle: ({ rawBody, ...call }) => standard.receive(call, rawBody, call.ctx.get('webhook-id')),
    }),
  ];
}
