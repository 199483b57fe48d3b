import type { SendMailOptions } from 'nodemailer';
import { formatMoney } from '../domain/currency';
import { cancelledCalendarFiles, type CalendarOrder } from './calendar';
import { writeLetter } from './letter';
import { eventFacts, headerText, namesOf } from './mail-html';
import type { Recipient } from './mail-html';

export interface CancelledMail extends CalendarOrder {
  to: Recipient;
  messageId: string;
  /** What goes back, in minor units; 0: nothing. */
  refund: { refund: number; currency: string };
  /** Default: now. */
  writtenAt?: Date;
}

/** Tells a buyer that the tickets are void, and takes the event out of the calendar. */
export function cancelledMail(mail: CancelledMail): SendMailOptions {
  const { reservationId, to, events, messageId, refund, writtenAt = new Date() } = mail;
  const name = namesOf(events);
  const amount = formatMoney({ amount: refund.refund, currency: refund.currency });
  const opening = [
    `Your reservation for ${name} was cancelled. Its tickets are no longer valid: nobody gets in with them.`,
    refund.refund === 0
      ? 'No money goes back with this.'
      : `${amount} goes back to where it came from. We write again when it is on its way.`,
  ];
  const facts: [string, string][] = [
    ...events.flatMap((event) => eventFacts(event, events.length > 1)),
    ['Reservation', reservationId],
  ];
  return writeLetter({
    to,
    messageId,
    subject: `Cancelled: ${headerText(name)}`,
    title: name,
    kicker: 'CANCELLED',
    preview: `Your reservation for ${name} was cancelled.`,
    opening,
    facts,
    attachments: cancelledCalendarFiles(mail, writtenAt),
  });
}
