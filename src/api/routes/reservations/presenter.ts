import type { ReservationRecord } from '../../../db/reservations';

/** The database keeps members of an object in an order of its own. */
const ORDER = [
  'id',
  'status',
  'event',
  'seats',
  'fees',
  'taxes',
  'total',
  'amounts',
  'code',
  'buyer',
  'reference',
  'metadata',
  'revision',
  'expiresAt',
  'createdAt',
  'updatedAt',
  'payment',
] as const;

/**
 * A reservation as a page sees it that asks again and has no token: it may have guessed the body, so
 * it is told what it asked for and what became of it, and neither who bought nor how it was paid.
 */
export const withoutBuyerAndPayments = (record: ReservationRecord): ReservationRecord => ({
  ...record,
  buyer: null,
  reference: null,
  metadata: {},
  payment: null,
  payments: [],
  refunds: [],
});

/**
 * The reservation with its fields in reading order, without the internal field that names the
 * client.
 */
export function presentReservation(record: ReservationRecord): Omit<ReservationRecord, 'client'> {
  const { client: _client, ...shown } = record;
  const first = Object.fromEntries(ORDER.map((field) => [field, shown[field]]));
  return { ...first, ...shown };
}
