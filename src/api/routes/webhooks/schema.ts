import { z } from 'zod';
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
/** For the document: what a truly signed message looks like that is kept or ignored. */
export const standardMessage = z.union([
  z
    .looseObject({ type: z.enum(STANDARD_TYPES), ...standardPayment.shape })
    .meta({ description: 'A payment that succeeded or failed' }),
  z
    .looseObject({ type: z.string() })
    .meta({ description: 'Of any other type: ignored', not: { properties: { type: { enum: STANDARD_TYPES } } } }),
]);
/** For the document: Stripe says what its events look like. */
export const stripeMessage = z
  .looseObject({ id: stored(255), type: z.string() })
  .meta({ description: "Stripe's event, as signed" });

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
export const stripeFailure = z.object({ data: z.object({ object: z.object({ id: stored(255), metadata }) }) });
