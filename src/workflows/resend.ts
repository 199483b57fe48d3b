import type { ResendInput } from '../contracts/reservation';
import { inputOf } from './by-hand';
import { beginStory, tellUnknownSignals } from './story';
import { mailBuyer, printTickets } from './activities';

/** Sends the tickets of a confirmed reservation once more. */
export async function resend(input: ResendInput): Promise<string> {
  const { reservationId, sequence } = inputOf(input, { reservationId: 'text', sequence: 'number' });
  tellUnknownSignals([], beginStory());
  if ((await printTickets(reservationId, 'the tickets')) === 'not_confirmed')
    return 'not_confirmed';
  const occasion = { reservationId, kind: 'tickets', sequence, reference: null } as const;
  return mailBuyer(occasion, 'the tickets');
}
