import { z } from 'zod';
import { PAYMENT, RESERVATION_ID } from '../../examples';
import { isWellFormed } from '../../schemas';

/** Kept as it is told; only what could not be stored is refused. */
const stored = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000]*$/)
    .refine(isWellFormed);
const amount = z.int().min(0);
const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((text) => text.toUpperCase());

export const STANDARD_TYPES = ['payment.succeeded', 'payment.failed'] as const;
export const standardEvent = z.object({ type: z.string() });
export const standardPayment = z.object({
  data: z.object({ reservation: stored(500), reference: stored(255), amount, currency }),
});
/** For the document: a message that is kept. */
export const standardMessage = z
  .looseObject({
    type: z.enum(STANDARD_TYPES),
    data: standardPayment.shape.data.meta({ id: 'StandardPayment' }),
  })
  .meta({
    id: 'StandardWebhook',
    description: 'A payment that succeeded or failed',
    examples: [{ type: 'payment.succeeded', data: { reservation: RESERVATION_ID, ...PAYMENT } }],
  });
/** For the document: Stripe says what its events look like. */
export const stripeMessage = z.looseObject({ id: stored(255), type: z.string() }).meta({
  id: 'StripeWebhook',
  description: "Stripe's event, as signed",
  examples: [
    {
      id: 'evt_1QK9vJ2eZvKYlo2C',
      type: 'payment_intent.succeeded',
      data: {
        object: {
          id: PAYMENT.reference,
          amount: PAYMENT.amount,
          amount_received: PAYMENT.amount,
          currency: 'eur',
          metadata: { reservation_id: RESERVATION_ID },
        },
      },
    },
  ],
});

export const stripeEvent = z.object({ id: stored(255), type: z.string() });
const metadata = z.object({ reservation_id: stored(500).optional() }).nullish();

export const stripeIntent = z.object({
  data: z.object({
    object: z.object({
      id: stored(255),
      amount: amount.optional(),
      amount_received: amount.optional(),
      currency,
      metadata,
    }),
  }),
});
export const stripeSession = z.object({
  data: z.object({
    object: z.object({
      id: stored(255),
      payment_status: z.string(),
      payment_intent: z.union([stored(255), z.object({ id: stored(255) })]).nullish(),
      amount_total: amount.nullish(),
      currency: currency.nullish(),
      metadata,
    }),
  }),
});
export const stripeFailure = z.object({
  data: z.object({ object: z.object({ id: stored(255), metadata }) }),
});
