import { randomBytes, randomUUID } from 'node:crypto';
import { type TicketSheet, signTicketCode, ticketKeyFromSeed } from '../../product';

const { privateKey } = ticketKeyFromSeed(randomBytes(32));
const EVENT_ID = randomUUID();

/** The ticket sheet of a reservation of one seat; no two are the same. */
export function makeSheet(index: number): TicketSheet {
  const [row, number] = [`R${Math.floor(index / 100) + 1}`, (index % 100) + 1];
  const label = `${row}-${number}`;
  return {
    reservationId: randomUUID(),
    events: [
      {
        name: 'Hamlet',
        venue: 'Theatre',
        startsAt: '2030-03-14T18:00:00Z',
        timeZone: 'Europe/Prague',
      },
    ],
    holder: `Ada Lovelace ${index}`,
    tickets: [
      {
        event: 0,
        code: signTicketCode(privateKey, {
          ticketId: randomUUID(),
          eventId: EVENT_ID,
          seat: label,
        }),
        seat: { label, section: 'Stalls', row, number: `${number}`, category: 'Standard' },
        price: { amount: 4500, currency: 'EUR' },
      },
    ],
  };
}
