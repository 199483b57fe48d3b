import type { ReservationRef } from '../contracts/reservation';
import { inputOf } from './by-hand';
import { beginStory, tellUnknownSignals } from './story';
import { printTickets } from './activities';

/** Prints the tickets of a confirmed reservation again, if what was printed is gone or out of date. */
export async function print(input: ReservationRef): Promise<string> {
  const { reservationId } = inputOf(input, { reservationId: 'text' });
  tellUnknownSignals([], beginStory());
  return printTickets(reservationId, 'the tickets');
}
