import type { ResendInput } from '../contracts/reservation';
import { renderTickets, sendMail } from './activities';

/** Sends the tickets of a confirmed reservation once more. */
export async function resend({ reservationId, sequence }: ResendInput): Promise<string> {
  if ((await renderTickets(reservationId)) === 'not_confirmed') return 'not_confirmed';
  return sendMail({ reservationId, kind: 'tickets', sequence, reference: null });
}
