import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import { calendarFiles, type CalendarOrder } from './calendar';
import { writeLetter } from './letter';
import { eventFacts, eventTimeLine, headerText } from './mail-html';
import type { MailedEvent, Recipient } from './mail-html';

/** What an event was before it was changed. */
type EventBefore = Pick<MailedEvent, 'name' | 'venue' | 'startsAt' | 'timeZone'>;

export interface ChangedMail extends CalendarOrder {
  to: Recipient;
  messageId: string;
  changed: { slug: string; was: EventBefore };
  /** Default: now. */
  writtenAt?: Date;
}

/**
 * Tells a buyer of the new time or place of an event, and changes it in the calendar.
 * @returns null when there is nothing to tell: the reservation has left the event, or it is again as it was
 */
export function changedMail(mail: ChangedMail): SendMailOptions | null {
  const { reservationId, to, events, messageId, changed, writtenAt = new Date() } = mail;
  const { slug, was } = changed;
  const event = events.find((one) => one.slug === slug);
  if (!event) return null;
  const timeBefore = eventTimeLine({ ...event, ...was });
  const hasMoved = timeBefore !== eventTimeLine(event);
  const hasPlace = was.venue !== event.venue;
  if (!hasMoved && !hasPlace) return null;
  const what = hasMoved && hasPlace ? 'time and place' : hasMoved ? 'time' : 'place';
  const facts: [string, string][] = [
    ...eventFacts(event, true),
    ...(hasMoved ? [['Was', timeBefore] as [string, string]] : []),
    ...(hasPlace && was.venue !== null ? [['Was at', oneLine(was.venue)] as [string, string]] : []),
    ['Reservation', reservationId],
  ];
  return writeLetter({
    to,
    messageId,
    subject: `New ${what}: ${headerText(event.name)}`,
    title: oneLine(event.name),
    kicker: `NEW ${what.toUpperCase()}`,
    preview: `The ${what} of ${oneLine(event.name)} changed.`,
    opening: [`The ${what} of ${oneLine(event.name)} changed. This is how it is now:`],
    facts,
    closing: ['Your tickets stay valid as they are, whatever time or place is printed on them.'],
    attachments: calendarFiles(mail, writtenAt, slug),
  });
}
