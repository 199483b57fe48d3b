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
 * The reservation with its fields in reading order, without the internal field that names the
 * client.
 */
export function presentReservation(record: ReservationRecord): Omit<ReservationRecord, 'client'> {
  const { client: _client, ...shown } = record;
  const first = Object.fromEntries(ORDER.map((field) => [field, shown[field]]));
  return { ...first, ...shown };
}
