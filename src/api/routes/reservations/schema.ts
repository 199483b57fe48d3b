import { z } from 'zod';
import { IDEMPOTENCY_KEY } from '../../../domain/idempotency-key';
import { RESERVATION_STATUSES } from '../../../domain/settlement';
import { currency, line, minorUnits, money, pageQuery, seatLabel, timestamp } from '../../schemas';

/** The library's own pattern, but with labels of a domain that can exist: up to 63 characters, no hyphen at either end. */
const EMAIL =
  /^(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;
const notEmail = { message: 'must be an e-mail address' };
const email = z
  .email({ pattern: EMAIL, ...notEmail })
  .max(254)
  // RFC 5321; in the document the format says so.
  .refine((text) => text.indexOf('@') <= 64, notEmail);
const buyer = z.strictObject({ name: line(200), email });
const MAX_SEATS = 100;
/** The pattern of an id without its anchors. */
const ID_FORM = IDEMPOTENCY_KEY.source.slice(1, -1);

export const newReservation = z
  .strictObject({
    event: line(100).meta({ description: 'The slug or the id of an event' }),
    seats: z
      .array(seatLabel)
      .min(1)
      .max(MAX_SEATS)
      .refine((labels) => new Set(labels).size === labels.length, { message: 'names a seat twice' })
      .meta({ uniqueItems: true })
      .optional(),
    bestAvailable: z
      .strictObject({ quantity: z.int().min(1).max(MAX_SEATS), category: line(50) })
      .optional()
      .meta({ description: 'Adjacent seats of a category, if there are any; else the best single ones' }),
    buyer,
  })
  .refine((value) => (value.seats === undefined) !== (value.bestAvailable === undefined), {
    message: 'takes either seats or bestAvailable',
    path: ['seats'],
  })
  .meta({ id: 'NewReservation', oneOf: [{ required: ['seats'] }, { required: ['bestAvailable'] }] });

const payment = z.object({
  reference: z.string(),
  amount: minorUnits,
  currency,
  status: z.enum(['captured', 'refunding', 'refunded']),
});

export const reservation = z
  .object({
    id: z.string(),
    status: z.enum(RESERVATION_STATUSES),
    event: z.string().meta({ description: "The event's slug" }),
    seats: z.array(z.object({ label: z.string(), category: z.string(), price: money })),
    total: money,
    buyer: z
      .object({ name: z.string(), email: z.string() })
      .nullable()
      .meta({ description: 'null after its erasure, and for a reservation that an operator started by hand' }),
    expiresAt: timestamp,
    createdAt: timestamp,
    payment: payment.nullable().meta({ description: 'The one that confirmed the reservation, else the latest' }),
  })
  .meta({ id: 'Reservation' });

export const confirmation = z
  .strictObject({ payment: z.strictObject({ reference: line(255), amount: minorUnits, currency }) })
  .meta({ id: 'Confirmation' });

export const reservationQuery = z.strictObject({
  ...pageQuery(ID_FORM),
  event: line(100).optional(),
  status: z.enum(RESERVATION_STATUSES).optional(),
  email: email.optional(),
});

export const historyEntry = z
  .object({ at: timestamp, type: z.string(), actor: z.string(), data: z.record(z.string(), z.unknown()) })
  .meta({ id: 'HistoryEntry' });

export const ticket = z
  .object({
    code: z.string().meta({ description: 'What the QR code carries; signed, see `GET /v1/ticket-key`' }),
    seat: z.string(),
    holder: z.string(),
    status: z.enum(['valid', 'used', 'void']),
  })
  .meta({ id: 'Ticket' });

export const reservationParams = z.object({
  id: z.string().meta({ description: 'The idempotency key that the reservation was made with' }),
});
export const historyQuery = z.strictObject(pageQuery('[0-9]{1,15}'));
export const keyHeader = {
  'Idempotency-Key': {
    description: "Becomes the reservation's id. A UUID is best; it may be quoted.",
    required: true,
    schema: z.string().regex(new RegExp(`^(?:${ID_FORM}|"${ID_FORM}")$`)),
  },
};
