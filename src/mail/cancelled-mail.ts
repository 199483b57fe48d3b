import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import { formatMoney } from '../domain/currency';
import { cancelledCalendar } from './calendar';
import { writeLetter } from './letter';
import { eventTimeLine, headerText } from './mail-html';
import type { MailedEvent, Recipient } from './mail-html';

export interface CancelledMail {
  reservationId: string;
  to: Recipient;
  event: MailedEvent;
  messageId: string;
  /** What goes back, in minor units; 0: nothing. */
  refund: { refund: number; currency: string };
  /** Default: now. */
  writtenAt?: Date;
}

/** Tells a buyer that the tickets are void, and takes the event out of the calendar. */
export function cancelledMail(mail: CancelledMail): SendMailOptions {
  const { reservationId, to, event, messageId, refund, writtenAt = new Date() } = mail;
  const name = oneLine(event.name);
  const amount = formatMoney({ amount: refund.refund, currency: refund.currency });
  const opening = [
    `Your reservation for ${name} was cancelled. Its tickets are no longer valid: nobody gets in with them.`,
    refund.refund === 0
      ? 'No money goes back with this.'
      : `${amount} goes back to where it came from. We write again when it is on its way.`,
  ];
  const facts: [string, string][] = [
    ['When', eventTimeLine(event)],
    ...(event.venue === null ? [] : [['Where', oneLine(event.venue)] as [string, string]]),
    ['Reservation', reservationId],
  ];
  return writeLetter({
    to,
    messageId,
    subject: `Cancelled: ${headerText(event.name)}`,
    title: name,
    kicker: 'CANCELLED',
    preview: `Your reservation for ${name} was cancelled.`,
    opening,
    facts,
    attachments: [
      {
        filename: 'cancelled.ics',
        content: cancelledCalendar(reservationId, event, writtenAt),
        contentType: 'text/calendar; charset=utf-8; method=CANCEL',
      },
    ],
  });
}
