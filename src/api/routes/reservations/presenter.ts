import type { ReservationRecord } from '../../../db/reservations';

/** A reservation without what is ours: which client made it. */
export function presentReservation({ client: _client, ...reservation }: ReservationRecord) {
  return reservation;
}
