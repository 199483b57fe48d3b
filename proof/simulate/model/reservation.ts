/** One buyer's claim, as far as the model follows it. Moments are simulated milliseconds. */
export interface Reservation {
  readonly id: number;
  readonly seats: readonly number[];
  heldAt: number | null;
  paidAt: number | null;
  paidInTime: boolean;
  startedAt: number | null;
  adoptedAt: number | null;
  confirmedAt: number | null;
  deliveredAt: number | null;
  /** Wakes its actor. */
  ring: (() => void) | null;
}

export function newReservation(id: number, seats: readonly number[]): Reservation {
  return {
    id,
    seats,
    heldAt: null,
    paidAt: null,
    paidInTime: false,
    startedAt: null,
    adoptedAt: null,
    confirmedAt: null,
    deliveredAt: null,
    ring: null,
  };
}
