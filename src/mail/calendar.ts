import { createEvent, type DateArray, type EventAttributes } from 'ics';
import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import type { MailedEvent } from './mail-html';

/** Events have a start time, but no end time. */
const DEFAULT_LENGTH_HOURS = 3;
/** Of a line without its break (RFC 5545, 3.1). */
const LINE_OCTETS = 75;

/** Whom a calendar names as the one who sends its entries: the sender of the mails. */
interface Organizer {
  name: string;
  /** In ASCII. */
  email: string;
}

/** What the entries of a reservation in a calendar are made from. */
export interface CalendarOrder {
  reservationId: string;
  organizer: Organizer;
  /** Of the reservation: grows with each change of its seats. */
  revision: number;
  /** The slug of the event for which it had its first ticket. */
  firstEvent: string | null;
  events: readonly MailedEvent[];
  /** Those that a change took out of it. */
  eventsLeft: readonly MailedEvent[];
}

type Attachments = NonNullable<SendMailOptions['attachments']>;

/**
 * The events of a reservation as files for a calendar. An event that a change took out of the reservation
 * is taken out of the calendar.
 * @param writtenAt when it was written; calendars use the latest version
 * @param only the slug of the one that is meant
 * @throws Error when an event cannot be written as a calendar entry
 */
export function calendarFiles(order: CalendarOrder, writtenAt: Date, only?: string): Attachments {
  const { events, eventsLeft } = order;
  const meant = events.filter(({ slug }) => only === undefined || slug === only);
  return [
    ...meant.map((event) => ({
      filename: events.length === 1 ? 'event.ics' : `${event.slug}.ics`,
      content: publishedEntry(order, event, writtenAt),
      contentType: 'text/calendar; charset=utf-8; method=PUBLISH',
    })),
    ...(only === undefined ? cancelledFiles(order, eventsLeft, writtenAt) : []),
  ];
}

/** Takes all events of a reservation out of the calendar. */
export function cancelledCalendarFiles(order: CalendarOrder, writtenAt: Date): Attachments {
  return cancelledFiles(order, [...order.events, ...order.eventsLeft], writtenAt);
}

const cancelledFiles = (
  order: CalendarOrder,
  events: readonly MailedEvent[],
  writtenAt: Date,
): Attachments =>
  events.map((event) => ({
    filename:
      order.events.length + order.eventsLeft.length === 1
        ? 'cancelled.ics'
        : `cancelled-${event.slug}.ics`,
    content: cancelledEntry(order, event, writtenAt),
    contentType: 'text/calendar; charset=utf-8; method=CANCEL',
  }));

/**
 * The same for ever, whatever events are added to the order or leave it, so that a calendar has one entry for each.
 * The first one has the reservation's id, as release 1.0 gave it to its only one.
 */
const uidOf = ({ reservationId, firstEvent }: CalendarOrder, { slug }: MailedEvent): string =>
  slug === firstEvent ? reservationId : `${reservationId}:${slug}`;

/** Grows with the event, and by two with the order: an event may leave it and come back. */
const sequenceOf = ({ revision }: CalendarOrder, event: MailedEvent): number =>
  event.revision - 1 + 2 * (revision - 1);

const publishedEntry = (order: CalendarOrder, event: MailedEvent, writtenAt: Date): string =>
  entryOf(order, event, writtenAt, {
    method: 'PUBLISH',
    status: 'CONFIRMED',
    sequence: sequenceOf(order, event),
  });

const cancelledEntry = (order: CalendarOrder, event: MailedEvent, writtenAt: Date): string =>
  entryOf(order, event, writtenAt, {
    method: 'CANCEL',
    status: 'CANCELLED',
    sequence: sequenceOf(order, event) + 1,
  });

/** The event as an iCalendar file, in UTC. */
function entryOf(
  order: CalendarOrder,
  event: MailedEvent,
  writtenAt: Date,
  state: Pick<EventAttributes, 'method' | 'status' | 'sequence'>,
): string {
  const { reservationId, organizer } = order;
  // The package takes `timestamp` (DTSTAMP), though its types do not tell.
  const attributes: EventAttributes & { timestamp: number } = {
    uid: uidOf(order, event),
    productId: '-//Holdfast//Tickets//EN',
    timestamp: writtenAt.getTime(),
    start: utcParts(new Date(event.startsAt)),
    startInputType: 'utc',
    startOutputType: 'utc',
    duration: { hours: DEFAULT_LENGTH_HOURS },
    title: oneLine(event.name),
    ...(event.venue !== null && { location: oneLine(event.venue) }),
    description: `Reservation ${reservationId}`,
    // Needed by a published and by a cancelled entry (RFC 5546). A parameter cannot have a quotation mark.
    organizer: {
      ...organizer,
      name: oneLine(organizer.name || organizer.email).replaceAll('"', "'"),
    },
    busyStatus: state.status === 'CONFIRMED' ? 'BUSY' : 'FREE',
    ...state,
  };
  const { error, value } = createEvent(attributes);
  if (value === null)
    throw new Error(
      `The calendar entry could not be written: ${error?.message ?? 'no reason given'}`,
    );
  return foldOctets(value);
}

/** Folds lines by octets; the package folds them by characters, of which one may have four. */
function foldOctets(calendar: string): string {
  const lines = calendar.replace(/\r\n[ \t]/g, '').split('\r\n');
  return lines.map(foldLine).join('\r\n');
}

function foldLine(line: string): string {
  let [folded, octets] = ['', 0];
  for (const character of line) {
    const more = Buffer.byteLength(character);
    if (octets + more > LINE_OCTETS) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += more;
  }
  return folded;
}

const utcParts = (moment: Date): DateArray => [
  moment.getUTCFullYear(),
  moment.getUTCMonth() + 1,
  moment.getUTCDate(),
  moment.getUTCHours(),
  moment.getUTCMinutes(),
];
