import { randomUUID } from 'node:crypto';
import type { TicketOnSheet, TicketSheet } from '../../src/documents/ticket-sheet';
import { signTicketCode, ticketKeyFromSeed } from '../../src/domain/ticket-code';

const { privateKey } = ticketKeyFromSeed(Buffer.alloc(32, 7));

export function ticket(seat: Partial<TicketOnSheet['seat']> = {}): TicketOnSheet {
  const whole = {
    label: 'A-12',
    section: 'Stalls',
    row: 'A',
    number: '12',
    category: 'Premium',
    ...seat,
  };
  const code = signTicketCode(privateKey, {
    ticketId: randomUUID(),
    eventId: randomUUID(),
    seat: whole.label,
  });
  return { code, event: 0, seat: whole, price: { amount: 4500, currency: 'EUR' } };
}

export function sheet(
  change: {
    event?: Partial<TicketSheet['events'][number]>;
    holder?: string;
    tickets?: TicketOnSheet[];
  } = {},
): TicketSheet {
  return {
    reservationId: randomUUID(),
    holder: change.holder ?? 'Ophelia Nováková',
    events: [
      {
        name: 'Hamlet',
        venue: 'Theatre',
        startsAt: '2026-03-14T18:00:00Z',
        timeZone: 'Europe/Prague',
        ...change.event,
      },
    ],
    tickets: change.tickets ?? [ticket()],
  };
}
