import type { ReservationRecord } from '../../../db/reservations';

/** A reservation in the order in which one reads it, without what is ours: which client made it. */
export function presentReservation(record: ReservationRecord): Omit<ReservationRecord, 'client'> {
  const { id, status, event, seats, total, buyer, expiresAt, createdAt, payment } = record;
  const { cancelRequestedAt } = record;
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
  };
}
