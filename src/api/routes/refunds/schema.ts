import { z } from 'zod';
import { REFUND_REASONS, REFUND_STATUSES } from '../../../domain/settlement';
import { PAYMENT, REFUND_ID, RESERVATION_ID } from '../../examples';
import { line, minorUnits, money, openEnum, timestamp } from '../../schemas';

export const refund = z
  .object({
    id: z.string(),
    payment: z.string().meta({ description: "The payment's reference" }),
    reservation: z.string().meta({ description: 'As the provider named it; it need not exist' }),
    amount: money,
    status: openEnum(REFUND_STATUSES),
    by: openEnum(
      ['stripe', 'test', 'client', 'provider'],
      'Who gives it back; `client`: whoever took the money; `provider`: it did so by itself',
    ),
    reason: z.string().meta({
      description: `${[...REFUND_REASONS, 'provider'].map((reason) => `\`${reason}\``).join(', ')}, or an operator's own words`,
    }),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Why it does not go through yet, or why it has failed' }),
    createdAt: timestamp,
    succeededAt: timestamp.nullable(),
  })
  .meta({
    id: 'Refund',
    examples: [
      {
        id: REFUND_ID,
        payment: PAYMENT.reference,
        reservation: RESERVATION_ID,
        amount: { amount: 4500, currency: 'EUR' },
        status: 'succeeded',
        by: 'stripe',
        reason: 'cancelled',
        error: null,
        createdAt: '2030-01-13T09:00:00.123Z',
        succeededAt: '2030-01-13T09:00:01.456Z',
      },
    ],
  });

export const newRefund = z
  .strictObject({
    amount: minorUnits.min(1).meta({ description: 'Minor units of the payment' }),
    payment: line(255).optional().meta({
      description:
        "The payment's reference; without it the one that confirmed the reservation, or, if too little is left of that, another that has enough",
    }),
    reason: line(500).meta({ description: 'Why, in your words; not for personal data' }),
  })
  .meta({ id: 'NewRefund', examples: [{ amount: 4500, reason: 'seat A-2 was broken' }] });

export const succeededByHand = z
  .strictObject({
    note: line(500).meta({ description: 'How it was given back: what an auditor needs' }),
  })
  .meta({ id: 'RefundSucceeded', examples: [{ note: 'bank transfer 2030-01-14, 4711' }] });
