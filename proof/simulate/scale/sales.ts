import type { Process } from '../kernel/simulation';
import type { Recorder } from '../model/recorder';
import { newReservation, type Reservation } from '../model/reservation';
import type { SimulatedSystem } from '../model/system';
import type { Crowd } from './buyers';

/** When a hold was taken and paid for, in a run before. */
export interface Sale {
  seats: readonly number[];
  heldAt: number;
  paidAt: number | null;
}

export const salesOf = ({ reservations }: Crowd): Sale[] =>
  reservations.map(({ seats, heldAt, paidAt }) => ({ seats, heldAt: heldAt!, paidAt }));

/**
 * Plays the sales of a run again, without those who got nothing: enough to see how the actors fare, at a tenth of the
 * work. The seats were won then, so each is a seat of its own here.
 */
export function replaySales(system: SimulatedSystem, sales: readonly Sale[], recorder: Recorder): Crowd {
  const { simulation, api, ttlMs } = system;
  const reservations: Reservation[] = [];
  const outcomes = { bought: 0, lapsed: 0, soldOut: 0, gaveUp: 0 };
  let inside = sales.length;
  let seat = 0;
  function* again(sale: Sale, seats: number[]): Process {
    yield simulation.sleep(sale.heldAt);
    const reservation = newReservation(reservations.length, seats);
    reservations.push(reservation);
    const asked = simulation.now;
    yield* api.hold(reservation, ttlMs);
    recorder.answered('held', asked, simulation.now);
    if (sale.paidAt === null) outcomes.lapsed++;
    else {
      yield simulation.sleep(Math.max(0, sale.paidAt - simulation.now));
      const paying = simulation.now;
      yield* api.pay(reservation);
      recorder.answered('paid', paying, simulation.now);
      outcomes.bought++;
    }
    inside--;
  }
  for (const sale of sales) {
    const seats = sale.seats.map(() => seat++);
    simulation.spawn(again(sale, seats));
  }
  return { outcomes, reservations, inside: () => inside };
}
