import { z } from 'zod';
import { EMAIL_FORM, parseEmailAddress } from '../../../domain/email-address';
import { PAYMENT_STATUSES, RESERVATION_STATUSES } from '../../../domain/settlement';
import { HISTORY_TYPES } from '../../../domain/history-types';
import { MAX_LINES } from '../../../domain/pricing';
import {
  CONFIRMED_RESERVATION,
  HELD_RESERVATION,
  PAYMENT,
  PRICE_PREVIEW,
  RESERVATION_ID,
  TICKET_CODE,
} from '../../examples';
import { paymentOfReservation } from '../payments/schema';
import { refund } from '../refunds/schema';
import { locationHeader } from '../../headers';
import { KEY_FORM, keyParameter } from '../../idempotency';
import { MAX_METADATA } from '../../../domain/metadata';
import { UUID_FORM } from '../../../domain/uuid';
import { isWellFormed } from '../../../domain/text';
import {
  balance,
  count,
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
  timestampInput,
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
export const MAX_SEATS = 100;

const priceType = line(50).meta({ description: 'The code of one of the price types' });
const namedSeat = z
  .strictObject({ label: seatLabel, priceType: priceType.optional() })
  .meta({ id: 'NamedSeat', description: 'Without `priceType`: the first of the event' });
const seatWish = z.union([seatLabel, namedSeat]).meta({
  id: 'SeatWish',
  description: 'A label, or an object with a price type',
});
const labelOf = (wish: string | { label: string }): string =>
  typeof wish === 'string' ? wish : wish.label;
const seats = z
  .array(seatWish)
  .min(1)
  .max(MAX_SEATS)
  .refine((wishes) => new Set(wishes.map((wish) => labelOf(wish))).size === wishes.length, {
    message: 'names a seat twice',
  })
  .meta({ uniqueItems: true, description: 'By label' });

const quantity = z.int().min(1).max(MAX_SEATS);
const bestAvailable = z
  .strictObject({
    quantity,
    category: line(50),
    priceTypes: z.record(line(50), quantity).optional().meta({
      description: 'How many at which price type; together `quantity`. Absent: all at the first',
    }),
    accessible: quantity.optional().meta({
      description:
        'How many of them are accessible places; with them companion places are chosen too. Absent: neither',
    }),
  })
  .refine(({ quantity: all, accessible }) => accessible === undefined || accessible <= all, {
    message: 'must not be above quantity',
    path: ['accessible'],
  })
  .refine(
    ({ quantity: all, priceTypes }) =>
      priceTypes === undefined ||
      Object.values(priceTypes).reduce((sum, one) => sum + one, 0) === all,
    { message: 'must add up to quantity', path: ['priceTypes'] },
  )
  .meta({
    id: 'BestAvailable',
    description:
      'The best seats of a category side by side, if there are any; else in groups. Where the event has an `orphanRule`, none is left alone if there is another choice',
  });

const eventName = line(100).meta({ description: 'The slug or the id of an event' });
const EITHER = { message: 'takes either seats or bestAvailable', path: ['seats'] };
const isEither = (value: { seats?: unknown; bestAvailable?: unknown }) =>
  (value.seats === undefined) !== (value.bestAvailable === undefined);
const allotment = z
  .string()
  .regex(new RegExp(`^${UUID_FORM}$`), { message: 'must be the id of an allotment' })
  .meta({
    description:
      'The id of the allotment that the seats are taken from; `bestAvailable` takes none else',
  });
export const orderLine = z
  .strictObject({
    event: eventName,
    seats: seats.optional(),
    bestAvailable: bestAvailable.optional(),
    allotment: allotment.optional(),
  })
  .refine(isEither, EITHER)
  .meta({ id: 'OrderLine', description: 'Either `seats` or `bestAvailable`' });

const reference = line(200).meta({
  description: "The client's own name for it, not sent anywhere. Up to 200 characters",
});
const metadataKey = z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, {
  message: 'must be 1 to 40 characters of A-Z a-z 0-9 _ . -',
});
const metadataValue = z
  .string()
  .max(500)
  .regex(/^[^\u0000]*$/, { message: 'must not contain U+0000' })
  .refine(isWellFormed, { message: 'must be valid Unicode' });
const metadata = z
  .record(metadataKey, metadataValue)
  .refine((members) => Object.keys(members).length <= MAX_METADATA, {
    message: `has at most ${MAX_METADATA} members`,
  })
  .meta({
    id: 'Metadata',
    description: `The client's own facts: up to ${MAX_METADATA} texts of up to 500 characters`,
  });

/** What an order is for, and at which code; without its buyer. */
const order = {
  event: eventName.optional(),
  seats: seats.optional(),
  bestAvailable: bestAvailable.optional(),
  allotment: allotment.optional(),
  lines: z
    .array(orderLine)
    .min(1)
    .max(MAX_LINES)
    .optional()
    .meta({ description: 'Of several events, all or nothing; instead of `event`' }),
  code: line(64).optional().meta({ description: 'A promo code, in any case' }),
};

type Order = {
  event?: string | undefined;
  seats?: (string | { label: string })[] | undefined;
  bestAvailable?: { quantity: number } | undefined;
  allotment?: string | undefined;
  lines?: Line[] | undefined;
};
type Line = z.output<typeof orderLine>;

/** What makes a body one order: one line at the top, or `lines`. */
function checkOrder(order: Order, ctx: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string) =>
    ctx.addIssue({ code: 'custom', path, message });
  const { lines } = order;
  if (lines === undefined) {
    if (order.event === undefined) refuse(['event'], 'is needed, or lines');
    if (!isEither(order)) refuse(EITHER.path, EITHER.message);
    return;
  }
  for (const field of ['event', 'seats', 'bestAvailable', 'allotment'] as const)
    if (order[field] !== undefined) refuse([field], 'stands in a line when there are lines');
  const named = new Set<string>();
  lines.forEach(({ event, seats: wishes = [] }, index) =>
    wishes.forEach((wish, at) => {
      const seat = `${event} ${labelOf(wish)}`;
      if (named.has(seat)) refuse(['lines', index, 'seats', at], 'names a seat twice');
      named.add(seat);
    }),
  );
  const count = lines.reduce(
    (sum, one) => sum + (one.seats?.length ?? one.bestAvailable?.quantity ?? 0),
    0,
  );
  if (count > MAX_SEATS) refuse(['lines'], `an order has at most ${MAX_SEATS} seats`);
}

/** What a hold is given beside what is held. */
const terms = {
  holdSeconds: z
    .int()
    .min(1)
    .max(4 * 604_800)
    .optional()
    .meta({
      description:
        "How long the hold lasts, up to the event's cap. Above the event's TTL for operators and for keys made with `--long-holds` alone",
    }),
  reference: reference.optional(),
  metadata: metadata.optional(),
};

export const newReservation = z
  .strictObject({
    ...order,
    ...terms,
    buyer: newBuyer.optional().meta({
      description: 'May come later, by PATCH; needed where a limit counts by buyer, and to confirm',
    }),
  })
  .superRefine(checkOrder)
  .meta({
    id: 'NewReservation',
    description: '`event` with `seats` or `bestAvailable`; or `lines`',
  });

export const newPricePreview = z
  .strictObject({ ...order, ...terms })
  .superRefine(checkOrder)
  .meta({
    id: 'NewPricePreview',
    description:
      'As a new reservation, without its buyer. `holdSeconds`, `reference` and `metadata` change no price',
    examples: [{ event: 'hamlet', seats: ['A-1', 'A-2'] }],
  });

const patchedBuyer = z
  .strictObject({
    name: name(200).optional().meta({ description: 'Printed on the tickets' }),
    email: email.optional(),
  })
  .meta({ id: 'BuyerPatch', description: 'What is absent stays; a first buyer needs both' });
export const reservationPatch = z
  .strictObject({
    reference: reference.nullable().optional(),
    metadata: z
      .record(metadataKey, metadataValue.nullable())
      .refine((members) => Object.keys(members).length <= MAX_METADATA, {
        message: `has at most ${MAX_METADATA} members`,
      })
      .nullable()
      .optional()
      .meta({ description: 'By member: null removes one' }),
    buyer: patchedBuyer.optional(),
  })
  .meta({
    id: 'ReservationPatch',
    examples: [{ buyer: HELD_RESERVATION.buyer, metadata: { channel: 'web' } }],
  });

export const newReservationExamples = {
  namedSeats: { event: 'hamlet', seats: ['A-1', 'A-2'], buyer: HELD_RESERVATION.buyer },
  bestAvailable: {
    event: 'hamlet',
    bestAvailable: { quantity: 2, category: 'stalls' },
    buyer: HELD_RESERVATION.buyer,
  },
  severalEvents: {
    lines: [
      { event: 'hamlet', seats: ['A-3', { label: 'A-4', priceType: 'child' }] },
      { event: 'gala', bestAvailable: { quantity: 2, category: 'stalls' } },
    ],
    code: 'SUMMER',
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

export const heldSeat = z
  .object({
    event: z.string().meta({ description: "The event's slug" }),
    label: z.string(),
    category: z.string(),
    priceType: z.string(),
    listPrice: money,
    discount: money,
    price: money.meta({ description: 'listPrice − discount' }),
  })
  .meta({ id: 'HeldSeat' });
const charge = { event: z.string().meta({ description: "The event's slug" }), amount: money };
const fees = z
  .array(z.object({ ...charge, code: z.string() }).meta({ id: 'ChargedFee' }))
  .meta({ description: 'By event and fee' });
const taxes = z
  .array(
    z.object({ ...charge, percent: z.string(), included: z.boolean() }).meta({ id: 'ChargedTax' }),
  )
  .meta({ description: 'By event' });
const orderAmounts = {
  tickets: money.meta({ description: 'What the seats cost' }),
  discount: money.meta({ description: 'How much less than their list prices that is' }),
  fees: money,
  tax: money.meta({ description: 'All tax, of every event' }),
  taxIncluded: z.boolean().meta({ description: 'Whether the prices include all of it' }),
  total: money.meta({ description: 'tickets + fees, and the tax that the prices do not include' }),
};
const previewAmounts = z.object(orderAmounts).meta({ id: 'OrderAmounts' });
export const pricePreview = z
  .object({ seats: z.array(heldSeat), fees, taxes, amounts: previewAmounts })
  .meta({
    id: 'PricePreview',
    examples: [PRICE_PREVIEW],
  });
export const amounts = z
  .object({
    ...orderAmounts,
    paid: money.meta({ description: 'By the payment that confirmed it' }),
    refunded: money.meta({ description: 'Of that, given back' }),
    retained: balance.meta({ description: 'Once confirmed: paid − refunded − total' }),
  })
  .meta({ id: 'Amounts', description: 'Of a cancelled sale: what is left of it' });
const buyer = z.object({ name: z.string(), email: z.string() }).meta({ id: 'Buyer' });

export const reservation = z
  .object({
    id: z.string().meta({ description: 'The idempotency key that it was made with' }),
    status: openEnum(RESERVATION_STATUSES),
    event: z
      .string()
      .nullable()
      .meta({ description: "The event's slug; null for an order of several events" }),
    seats: z.array(heldSeat),
    fees,
    taxes,
    total: money,
    amounts,
    code: z.string().nullable().meta({ description: 'The promo code' }),
    buyer: buyer.nullable().meta({
      description:
        'null while there is none, after its erasure, and for a reservation that an operator started by hand',
    }),
    reference: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    revision: count.meta({ description: 'Grows with each change of seats, price types or buyer' }),
    expiresAt: timestamp,
    createdAt: timestamp,
    updatedAt: timestamp,
    payment: payment
      .nullable()
      .meta({ description: 'The one that confirmed the reservation, else the latest' }),
    payments: z.array(paymentOfReservation).meta({ description: 'All, oldest first' }),
    refunds: z.array(refund).meta({ description: 'All, oldest first' }),
    cancelRequestedAt: timestamp.nullable().meta({
      description:
        'When a cancel was accepted: from then on the tickets are void, also while the status is still `confirmed`',
    }),
    token: z.string().optional().meta({
      description:
        'In the answer to a hold by a publishable key, and nowhere else: send it as `Reservation-Token`',
    }),
  })
  .meta({ id: 'Reservation', examples: [CONFIRMED_RESERVATION] });

export const paymentClaim = z
  .strictObject({
    reference: line(255).meta({
      description: "The payment's own id, one space over all providers",
    }),
    amount: minorUnits,
    currency: currencyInput,
  })
  .meta({ id: 'PaymentClaim', description: 'A payment that the client took itself' });

export const confirmation = z
  .strictObject({
    payment: paymentClaim
      .optional()
      .meta({ description: 'Absent: the order costs nothing, and nothing was paid' }),
  })
  .meta({ id: 'Confirmation', examples: [{ payment: PAYMENT }] });

/** An operator's choice is at least one of them; a client's body is empty. */
export const cancellation = z
  .strictObject({
    refund: z
      .union([
        z.enum(['full', 'none']),
        z.strictObject({ amount: minorUnits }).meta({ id: 'RefundAmount' }),
      ])
      .optional()
      .meta({
        description: "Operators: in place of the events' terms. Of what is left of the payments",
      }),
    allowCheckedIn: z
      .boolean()
      .default(false)
      .meta({ description: 'Operators: even though somebody has come in' }),
  })
  .meta({ id: 'Cancellation', examples: [{ refund: 'full' }] });

export const cancelPreview = z
  .object({
    refund: money.meta({ description: 'What would go back' }),
    retained: money.meta({ description: 'What would be kept' }),
    termsUntil: timestamp
      .nullable()
      .meta({ description: 'Until when that is so; null: until the sale changes' }),
  })
  .meta({
    id: 'CancelPreview',
    examples: [
      {
        refund: { amount: 9000, currency: 'EUR' },
        retained: { amount: 300, currency: 'EUR' },
        termsUntil: '2030-03-12T18:00:00.000Z',
      },
    ],
  });

export const reservationQuery = z
  .strictObject({
    ...pageQuery(KEY_FORM),
    event: line(100).optional().meta({ description: 'The slug or the id of an event' }),
    status: z.enum(RESERVATION_STATUSES).optional(),
    email: email.optional().meta({ description: "The buyer's" }),
    reference: line(200).optional().meta({ description: "The client's own name for it" }),
    payment: line(255).optional().meta({ description: 'The reference of a payment' }),
    seat: seatLabel
      .optional()
      .meta({ description: 'The label of a seat of `event`: who has it now' }),
    createdFrom: timestampInput.optional(),
    createdTo: timestampInput.optional().meta({ description: 'Not included' }),
  })
  .refine((query) => query.seat === undefined || query.event !== undefined, {
    message: 'goes with event',
    path: ['seat'],
  });

export const historyEntry = z
  .object({
    at: timestamp,
    type: openEnum(HISTORY_TYPES),
    actor: z.string().meta({
      description:
        'Who did it, as `client:NAME`, `publishable:NAME` (a page of the client), `operator:NAME` or `system`',
    }),
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
    event: z.string().meta({ description: "The event's slug" }),
    seat: z.string().meta({ description: 'Its label' }),
    priceType: z.string(),
    holder: z.string().meta({ description: 'Empty while there is no buyer' }),
    status: openEnum(['valid', 'used', 'void']),
    revision: count.meta({ description: 'The revision of the reservation that it was made for' }),
  })
  .meta({
    id: 'Ticket',
    examples: [
      {
        code: TICKET_CODE,
        event: 'hamlet',
        seat: 'A-1',
        priceType: 'adult',
        holder: 'Ada Lovelace',
        status: 'valid',
        revision: 1,
      },
    ],
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
