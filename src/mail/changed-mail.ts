import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import { entriesOf, eventCalendar } from './calendar';
import { writeLetter } from './letter';
import { eventFacts, eventTimeLine, headerText } from './mail-html';
import type { MailedEvent, Recipient } from './mail-html';

/** What an event was before it was changed. */
export type EventBefore = Pick<MailedEvent, 'name' | 'venue' | 'startsAt' | 'timeZone'>;

export interface ChangedMail {
  reservationId: string;
  to: Recipient;
  /** All events of the reservation. */
  events: MailedEvent[];
  messageId: string;
  changed: { slug: string; was: EventBefore };
  /** Default: now. */
  writtenAt?: Date;
}

/** Tells a buyer of the new time or place of an event, and changes it in the calendar. */
export function changedMail(mail: ChangedMail): SendMailOptions {
  const { reservationId, to, events, messageId, changed, writtenAt = new Date() } = mail;
  const { slug, was } = changed;
  const event = events.find((one) => one.slug === slug)!;
  const timeBefore = eventTimeLine({ ...event, ...was });
  const hasMoved = timeBefore !== eventTimeLine(event);
  const hasPlace = was.venue !== event.venue;
  const what = hasMoved && hasPlace ? 'time and place' : hasMoved ? 'time' : 'place';
  const facts: [string, string][] = [
    ...eventFacts(event, true),
    ...(hasMoved ? [['Was', timeBefore] as [string, string]] : []),
    ...(hasPlace && was.venue !== null ? [['Was at', oneLine(was.venue)] as [string, string]] : []),
    ['Reservation', reservationId],
  ];
  const entries = entriesOf(reservationId, events).filter((entry) => entry.event.slug === slug);
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
    attachments: entries.map((entry) => ({
      filename: events.length === 1 ? 'event.ics' : `${slug}.ics`,
      content: eventCalendar(entry, writtenAt),
      contentType: 'text/calendar; charset=utf-8; method=PUBLISH',
    })),
  });
}
