import { z } from 'zod';
import { EMAIL_FORM, parseEmailAddress } from '../../../domain/email-address';
import { PAYMENT_STATUSES, RESERVATION_STATUSES } from '../../../domain/settlement';
import { HISTORY_TYPES } from '../../../domain/history-types';
import {
  CONFIRMED_RESERVATION,
  HELD_RESERVATION,
  PAYMENT,
  RESERVATION_ID,
  TICKET_CODE,
} from '../../examples';
import { paymentOfReservation } from '../payments/schema';
import { refund } from '../refunds/schema';
import { locationHeader } from '../../headers';
import { KEY_FORM, keyParameter } from '../../idempotency';
import {
  currency,
  currencyInput,
  line,
  minorUnits,
  money,
  name,
  openEnum,
  pageQuery,
  seatLabel,
  timestamp,
} from '../../schemas';

const notEmail = {
  message: 'must be an e-mail address: ASCII before the @, a domain in any script',
};
const email = z
  .string()
  .normalize('NFC')
  .max(254)
  .regex(EMAIL_FORM, notEmail)
  .refine((text) => parseEmailAddress(text) !== null, notEmail)
  .meta({
    description:
      'An e-mail address. Up to 64 characters of ASCII before the @; the domain in any script',
  });
const newBuyer = z
  .strictObject({ name: name(200).meta({ description: 'Printed on the tickets' }), email })
  .meta({ id: 'NewBuyer' });
const MAX_SEATS = 100;

const bestAvailable = z
  .strictObject({ quantity: z.int().min(1).max(MAX_SEATS), category: line(50) })
  .meta({
    id: 'BestAvailable',
    description: 'Adjacent seats of a category, if there are any; else the best single ones',
  });

export const newReservation = z
  .strictObject({
    event: line(100).meta({ description: 'The slug or the id of an event' }),
    seats: z
      .array(seatLabel)
      .min(1)
      .max(MAX_SEATS)
      .refine((labels) => new Set(labels).size === labels.length, { message: 'names a seat twice' })
      .meta({ uniqueItems: true, description: 'Labels' })
      .optional(),
    bestAvailable: bestAvailable.optional(),
    buyer: newBuyer,
  })
  .refine((value) => (value.seats === undefined) !== (value.bestAvailable === undefined), {
    message: 'takes either seats or bestAvailable',
    path: ['seats'],
  })
  .meta({ id: 'NewReservation', description: 'Either `seats` or `bestAvailable`' });

export const newReservationExamples = {
  namedSeats: { event: 'hamlet', seats: ['A-1', 'A-2'], buyer: HELD_RESERVATION.buyer },
  bestAvailable: {
    event: 'hamlet',
    bestAvailable: { quantity: 2, category: 'stalls' },
    buyer: HELD_RESERVATION.buyer,
  },
};

const payment = z
  .object({
    reference: z.string(),
    amount: minorUnits,
    currency,
    status: openEnum(PAYMENT_STATUSES),
  })
  .meta({ id: 'ReservationPayment' });

const heldSeat = z
  .object({ label: z.string(), category: z.string(), price: money })
  .meta({ id: 'HeldSeat' });
const buyer = z.object({ name: z.string(), email: z.string() }).meta({ id: 'Buyer' });

export const reservation = z
  .object({
    id: z.string().meta({ description: 'The idempotency key that it was made with' }),
    status: openEnum(RESERVATION_STATUSES),
    event: z.string().meta({ description: "The event's slug" }),
    seats: z.array(heldSeat),
    total: money,
    buyer: buyer.nullable().meta({
      description: 'null after its erasure, and for a reservation that an operator started by hand',
    }),
    expiresAt: timestamp,
    createdAt: timestamp,
    payment: payment
      .nullable()
      .meta({ description: 'The one that confirmed the reservation, else the latest' }),
    payments: z.array(paymentOfReservation).meta({ description: 'All, oldest first' }),
    refunds: z.array(refund).meta({ description: 'All, oldest first' }),
    cancelRequestedAt: timestamp.nullable().meta({
      description:
        'When a cancel was accepted: from then on the tickets are void, also while the status is still `confirmed`',
    }),
  })
  .meta({ id: 'Reservation', examples: [CONFIRMED_RESERVATION] });

const paymentClaim = z
  .strictObject({
    reference: line(255).meta({
      description: "The payment's own id, one space over all providers",
    }),
    amount: minorUnits,
    currency: currencyInput,
  })
  .meta({ id: 'PaymentClaim', description: 'A payment that the client took itself' });

export const confirmation = z
  .strictObject({ payment: paymentClaim })
  .meta({ id: 'Confirmation', examples: [{ payment: PAYMENT }] });

export const reservationQuery = z.strictObject({
  ...pageQuery(KEY_FORM),
  event: line(100).optional().meta({ description: 'The slug or the id of an event' }),
  status: z.enum(RESERVATION_STATUSES).optional(),
  email: email.optional().meta({ description: "The buyer's" }),
});

export const historyEntry = z
  .object({
    at: timestamp,
    type: openEnum(HISTORY_TYPES),
    actor: z
      .string()
      .meta({ description: 'Who did it, as `client:NAME`, `operator:NAME` or `system`' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'Depends on the type' }),
  })
  .meta({
    id: 'HistoryEntry',
    examples: [
      {
        at: HELD_RESERVATION.createdAt,
        type: 'reservation.held',
        actor: 'client:shop',
        data: { seats: ['A-1', 'A-2'], expiresAt: HELD_RESERVATION.expiresAt },
      },
    ],
  });

export const ticket = z
  .object({
    code: z
      .string()
      .meta({ description: 'What the QR code carries; signed, see `GET /v1/ticket-key`' }),
    seat: z.string(),
    holder: z.string(),
    status: openEnum(['valid', 'used', 'void']),
  })
  .meta({
    id: 'Ticket',
    examples: [{ code: TICKET_CODE, seat: 'A-1', holder: 'Ada Lovelace', status: 'valid' }],
  });

export const reservationLocation = locationHeader(
  'the reservation',
  `/v1/reservations/${RESERVATION_ID}`,
);
export const reservationParams = z.object({
  id: z.string().meta({
    description: 'The idempotency key that the reservation was made with',
    examples: [RESERVATION_ID],
  }),
});
export const historyQuery = z.strictObject(pageQuery('[0-9]{1,15}'));
export const keyHeader = {
  'Idempotency-Key': keyParameter(
    "Becomes the reservation's id. A UUID is best; it may be quoted.",
    RESERVATION_ID,
  ),
};
