import type { SendMailOptions } from 'nodemailer';
import { formatSeat, oneLine } from '../documents/format';
import type { TicketOnSheet } from '../documents/ticket-sheet';
import { formatMoney } from '../domain/currency';
import { calendarFiles, type CalendarOrder } from './calendar';
import { writeLetter } from './letter';
import { eventFacts, eventTimeLine, headerText, namesOf } from './mail-html';
import type { Recipient } from './mail-html';

export interface TicketsMail extends CalendarOrder {
  to: Recipient;
  /** The Message-ID of this mail, fixed before the first attempt. */
  messageId: string;
  /** 0 for the first mail; each resend adds one. */
  sequence: number;
  pdf: Buffer;
  /** When given, the mail lists the seats one by one. */
  tickets?: Pick<TicketOnSheet, 'event' | 'seat' | 'price'>[];
  /** Default: now. */
  writtenAt?: Date;
}

/**
 * The mail with the tickets: text and HTML, with the PDF and a calendar entry attached. The mailer
 * sets the sender.
 */
export function ticketsMail(mail: TicketsMail): SendMailOptions {
  const {
    reservationId,
    to,
    events,
    messageId,
    sequence,
    pdf,
    tickets = [],
    writtenAt = new Date(),
  } = mail;
  const name = namesOf(events);
  const numbered = (index: number) => (tickets.length === 1 ? 'Ticket' : `Ticket ${index + 1}`);
  const inWords = ({ seat, price }: (typeof tickets)[number]) =>
    `${oneLine(formatSeat(seat))} – ${formatMoney(price)}`;
  const facts: [string, string][] = [
    ...events.flatMap((event, place) => [
      ...eventFacts(event, events.length > 1),
      ...tickets.flatMap((ticket, index): [string, string][] =>
        ticket.event === place ? [[numbered(index), inWords(ticket)]] : [],
      ),
    ]),
    ['Reservation', reservationId],
  ];
  const opening = `Here ${sequence === 0 ? 'are' : 'are, once more,'} your tickets for ${name}. They are in the attached PDF, one page each.`;
  const advice =
    'Show the code on each page at the door, on paper or on your phone. Each code lets one person in, once: keep it to yourself.';
  return writeLetter({
    to,
    messageId,
    subject: `${sequence === 0 ? 'Your tickets' : 'Your tickets again'}: ${headerText(name)}`,
    title: name,
    kicker: 'YOUR TICKETS',
    preview: `${eventTimeLine(events[0]!)} – your tickets are attached.`,
    opening: [opening],
    facts,
    closing: [advice],
    attachments: [
      { filename: 'tickets.pdf', content: pdf, contentType: 'application/pdf' },
      ...calendarFiles(mail, writtenAt),
    ],
  });
}
