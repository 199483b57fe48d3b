import type { ResendInput } from '../contracts/reservation';
import { inputOf } from './by-hand';
import { renderTickets, sendMail } from './activities';

/** Sends the tickets of a confirmed reservation once more. */
export async function resend(input: ResendInput): Promise<string> {
  const { reservationId, sequence } = inputOf(input, { reservationId: 'text', sequence: 'number' });
  if ((await renderTickets(reservationId)) === 'not_confirmed') return 'not_confirmed';
  return sendMail({ reservationId, kind: 'tickets', sequence, reference: null });
}
