import { createEvent, type DateArray, type EventAttributes } from 'ics';
import { oneLine } from '../documents/format';
import type { MailedEvent } from './mail-html';

/** Events have a start time, but no end time. */
const DEFAULT_LENGTH_HOURS = 3;

/** An event of a reservation in a calendar. */
export interface CalendarEntry {
  /** The same for ever, so a calendar that receives the entry again keeps one. */
  uid: string;
  reservationId: string;
  event: MailedEvent;
}

/** The calendar entries of a reservation; that of a single event has the reservation's id. */
export const entriesOf = (reservationId: string, events: readonly MailedEvent[]): CalendarEntry[] =>
  events.map((event) => ({
    uid: events.length === 1 ? reservationId : `${reservationId}:${event.slug}`,
    reservationId,
    event,
  }));

/**
 * The event as an iCalendar file, in UTC.
 * @param writtenAt when it was written; calendars use the latest version
 * @throws Error when the event cannot be written as a calendar entry
 */
export function eventCalendar(entry: CalendarEntry, writtenAt: Date): string {
  return calendarOf(entry, writtenAt, {
    method: 'PUBLISH',
    status: 'CONFIRMED',
    sequence: entry.event.revision - 1,
  });
}

/** Takes that entry out of the calendar again. */
export function cancelledCalendar(entry: CalendarEntry, writtenAt: Date): string {
  return calendarOf(entry, writtenAt, {
    method: 'CANCEL',
    status: 'CANCELLED',
    sequence: entry.event.revision,
  });
}

function calendarOf(
  { uid, reservationId, event }: CalendarEntry,
  writtenAt: Date,
  state: Pick<EventAttributes, 'method' | 'status' | 'sequence'>,
): string {
  // The package takes `timestamp` (DTSTAMP), though its types do not tell.
  const attributes: EventAttributes & { timestamp: number } = {
    uid,
    productId: '-//Holdfast//Tickets//EN',
    timestamp: writtenAt.getTime(),
    start: utcParts(new Date(event.startsAt)),
    startInputType: 'utc',
    startOutputType: 'utc',
    duration: { hours: DEFAULT_LENGTH_HOURS },
    title: oneLine(event.name),
    ...(event.venue !== null && { location: oneLine(event.venue) }),
    description: `Reservation ${reservationId}`,
    busyStatus: state.status === 'CONFIRMED' ? 'BUSY' : 'FREE',
    ...state,
  };
  const { error, value } = createEvent(attributes);
  if (value === null)
    throw new Error(
      `The calendar entry could not be written: ${error?.message ?? 'no reason given'}`,
    );
  return value;
}

const utcParts = (moment: Date): DateArray => [
  moment.getUTCFullYear(),
  moment.getUTCMonth() + 1,
  moment.getUTCDate(),
  moment.getUTCHours(),
  moment.getUTCMinutes(),
];
