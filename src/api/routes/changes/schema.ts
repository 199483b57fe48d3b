import { z } from 'zod';
import { CHANGE, CHANGE_ID, RESERVATION_ID } from '../../examples';
import { locationHeader } from '../../headers';
import { line, money, openEnum, seatLabel, timestamp } from '../../schemas';
import {
  amounts,
  heldSeat,
  MAX_SEATS,
  orderLine,
  paymentClaim,
  reservationParams,
} from '../reservations/schema';
import { MAX_LINES } from '../../../domain/pricing';

const ownSeat = z
  .union([
    seatLabel,
    z
      .strictObject({ event: line(100).optional(), label: seatLabel })
      .meta({ id: 'OwnSeat', description: 'Without `event`: of the only one' }),
  ])
  .meta({ id: 'OwnSeatName', description: 'A label; with its event in an order of several' });

export const newChange = z
  .strictObject({
    release: z.array(ownSeat).max(MAX_SEATS).default([]).meta({
      description: 'Seats that it gives back',
    }),
    take: z.array(orderLine).max(MAX_LINES).default([]).meta({
      description: 'Seats that it takes, as the lines of an order',
    }),
    priceTypes: z
      .array(z.strictObject({ seat: ownSeat, priceType: line(50) }).meta({ id: 'SeatPriceType' }))
      .max(MAX_SEATS)
      .default([])
      .meta({ description: 'New price types of seats that it keeps' }),
    code: line(64).optional().meta({
      description: 'A promo code in place of the present one, while it is held',
    }),
  })
  .meta({
    id: 'NewChange',
    examples: [{ release: ['A-2'], take: [{ event: 'hamlet', seats: ['A-3'] }] }],
  });

export const change = z
  .object({
    id: z.string(),
    reservation: z.string(),
    status: openEnum(['applied', 'quoted', 'expired', 'withdrawn']),
    release: z.array(heldSeat).meta({ description: 'What it gives back' }),
    take: z.array(heldSeat).meta({ description: 'What it takes' }),
    before: amounts,
    after: amounts,
    due: money.nullable().meta({ description: 'To be paid. Never together with `refund`' }),
    refund: money.nullable().meta({ description: 'What goes back, by the terms' }),
    expiresAt: timestamp.nullable().meta({ description: 'When a quote ends' }),
    createdAt: timestamp,
  })
  .meta({ id: 'Change', examples: [CHANGE] });

export const changeConfirmation = z
  .strictObject({
    payment: paymentClaim.optional().meta({ description: 'Of exactly `due`; absent: nothing is' }),
  })
  .meta({
    id: 'ChangeConfirmation',
    examples: [{ payment: { reference: 'pi_3QL0aB2eZvKYlo2C', ...CHANGE.due } }],
  });

export const changeParams = reservationParams.extend({
  change: z.string().meta({ description: 'The id of a change', examples: [CHANGE_ID] }),
});
export const changeLocation = locationHeader(
  'the change',
  `/v1/reservations/${RESERVATION_ID}/changes/${CHANGE_ID}`,
);
