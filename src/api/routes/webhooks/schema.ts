import { z } from 'zod';
import { STANDARD_TYPES, standardPayment } from '../../../payments/standard-events';
import { storedText } from '../../../payments/event-forms';
import { PAYMENT, RESERVATION_ID } from '../../examples';

/** For the document: a message that is kept. */
export const standardMessage = z
  .looseObject({
    type: z.enum(STANDARD_TYPES),
    data: standardPayment.meta({ id: 'StandardPayment' }),
  })
  .meta({
    id: 'StandardWebhook',
    description: 'A payment that succeeded, is on its way, or failed',
    examples: [{ type: 'payment.succeeded', data: { reservation: RESERVATION_ID, ...PAYMENT } }],
  });
/** For the document: Stripe says what its events look like. */
export const stripeMessage = z.looseObject({ id: storedText(255), type: z.string() }).meta({
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
