import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { PaymentNotice } from '../../../db/payments';
import { fromStripe } from '../../../payments/stripe-amounts';
import { Problem } from '../../problem';
import {
  STANDARD_TYPES,
  standardEvent,
  standardPayment,
  stripeEvent,
  stripeFailure,
  stripeIntent,
  stripeSession,
} from './schema';

/** What a provider's event tells us. */
export type Notice =
  | { kind: 'paid'; payment: Omit<PaymentNotice, 'source' | 'actor'> }
  | { kind: 'failed'; reservationId: string; reference: string; eventKey: string }
  | { kind: 'ignored' };

const IGNORED: Notice = { kind: 'ignored' };

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  throw new Problem(
    'validation_failed',
    'The event is truly signed but lacks what a payment needs.',
    { errors },
  );
}

/** A payment as Stripe counts it, in ISO's minor units. */
function stripePayment(
  reference: string,
  reservationId: string,
  amount: number,
  currency: string,
): Notice {
  const money = fromStripe(amount, currency);
  if (money === null) {
    throw new Problem(
      'validation_failed',
      `${amount} is no amount of ${currency}: it is a fraction of the minor unit.`,
    );
  }
  return { kind: 'paid', payment: { reference, reservationId, ...money } };
}

/** Reads an event of Stripe. A payment is known by its PaymentIntent, so both success events of one payment are one. */
export function readStripe(value: unknown): Notice {
  const event = read(stripeEvent, value);
  switch (event.type) {
    case 'payment_intent.succeeded': {
      const {
        id,
        amount,
        amount_received: received,
        currency,
        metadata,
      } = read(stripeIntent, value).data.object;
      const paid = received ?? amount;
      if (metadata?.reservation_id === undefined) return IGNORED;
      if (paid === undefined)
        throw new Problem('validation_failed', 'The PaymentIntent names no amount.');
      return stripePayment(id, metadata.reservation_id, paid, currency);
    }
    case 'checkout.session.completed': {
      const session = read(stripeSession, value).data.object;
      const {
        payment_status: status,
        payment_intent: intent,
        amount_total: amount,
        currency,
        metadata,
      } = session;
      if (status !== 'paid' || metadata?.reservation_id === undefined) return IGNORED;
      if (amount == null || currency == null)
        throw new Problem('validation_failed', 'The session names no amount.');
      const reference = typeof intent === 'string' ? intent : (intent?.id ?? session.id);
      return stripePayment(reference, metadata.reservation_id, amount, currency);
    }
    case 'payment_intent.payment_failed': {
      const { id, metadata } = read(stripeFailure, value).data.object;
      if (metadata?.reservation_id === undefined) return IGNORED;
      return {
        kind: 'failed',
        reservationId: metadata.reservation_id,
        reference: id,
        eventKey: `stripe:${event.id}`,
      };
    }
    default:
      return IGNORED;
  }
}

/** Reads an event of the Standard Webhooks form. @param messageId its `webhook-id` header */
export function readStandard(value: unknown, messageId: string): Notice {
  const { type } = read(standardEvent, value);
  if (!STANDARD_TYPES.some((handled) => handled === type)) return IGNORED;
  const { reservation, ...payment } = read(standardPayment, value).data;
  if (type === 'payment.succeeded')
    return { kind: 'paid', payment: { ...payment, reservationId: reservation } };
  // The sender chooses the id, so it is hashed to a form and length that can be kept.
  const eventKey = `standard:${createHash('sha256').update(messageId).digest('hex')}`;
  return { kind: 'failed', reservationId: reservation, reference: payment.reference, eventKey };
}
