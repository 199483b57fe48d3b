import { z } from 'zod';
import { PAYMENT_STATUSES, REFUND_REASONS } from '../../../domain/settlement';
import { HELD_RESERVATION, PAYMENT, RESERVATION_ID } from '../../examples';
import { money, openEnum, timestamp } from '../../schemas';

export const LISTED_STATUSES = [...PAYMENT_STATUSES, 'unmatched'] as const;

/** A payment as everybody sees it who may see its reservation. */
const payment = z.object({
  reference: z.string(),
  amount: money,
  refunded: money.meta({ description: 'What was given back, by us and by the provider itself' }),
  status: openEnum(LISTED_STATUSES),
  provenBy: openEnum(
    ['stripe', 'standard'],
    'Whose signed event proves it; null: it is claimed',
  ).nullable(),
  capturedBy: openEnum(
    ['stripe', 'test', 'client'],
    'Who can give it back; `client`: no provider can',
  ),
  receivedAt: timestamp,
});

export const paymentOfReservation = payment.meta({ id: 'PaymentOfReservation' });

export const paymentRecord = payment
  .extend({
    reservation: z.string().meta({ description: 'As the provider named it; it need not exist' }),
    reservationExists: z.boolean(),
    source: openEnum(['stripe', 'standard', 'client', 'signal'], 'Who reported it'),
    refundReason: openEnum(
      [...REFUND_REASONS, 'operator', 'provider'],
      "The latest refund's",
    ).nullable(),
    refundError: z
      .string()
      .nullable()
      .meta({ description: 'Why the provider refuses the refund; an operator has to look' }),
    refundedAt: timestamp.nullable(),
  })
  .meta({
    id: 'Payment',
    examples: [
      {
        reference: PAYMENT.reference,
        reservation: RESERVATION_ID,
        reservationExists: true,
        amount: HELD_RESERVATION.total,
        source: 'stripe',
        provenBy: 'stripe',
        capturedBy: 'stripe',
        status: 'captured',
        refunded: { amount: 0, currency: 'EUR' },
        refundReason: null,
        refundError: null,
        receivedAt: '2030-01-12T10:05:00.123Z',
        refundedAt: null,
      },
    ],
  });
