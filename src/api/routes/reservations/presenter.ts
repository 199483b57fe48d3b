import type { ReservationRecord } from '../../../db/reservations';

/**
 * The reservation with its fields in reading order, without the internal field that names the
 * client.
 */
export function presentReservation(record: ReservationRecord): Omit<ReservationRecord, 'client'> {
  const { id, status, event, seats, total, buyer, expiresAt, createdAt } = record;
  const { payment, payments, refunds, cancelRequestedAt } = record;
  return {
    id,
    status,
    event,
    seats,
    total,
    buyer,
    expiresAt,
    createdAt,
    payment,
    cancelRequestedAt,
    payments,
    refunds,
  };
}
