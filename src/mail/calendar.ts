import { createEvent, type DateArray, type EventAttributes } from 'ics';
import { oneLine } from '../documents/format';
import type { MailedEvent } from './mail-html';

/** Events have a start time, but no end time. */
const DEFAULT_LENGTH_HOURS = 3;

/**
 * The event as an iCalendar file, in UTC. Its UID is the reservation's id, so a calendar that
 * receives it again keeps one entry.
 * @param writtenAt when it was written; calendars use the latest version
 * @throws Error when the event cannot be written as a calendar entry
 */
export function eventCalendar(reservationId: string, event: MailedEvent, writtenAt: Date): string {
  // The package accepts `timestamp` (DTSTAMP), although its types do not declare it.
  const attributes: EventAttributes & { timestamp: number } = {
    uid: reservationId,
    productId: '-//Holdfast//Tickets//EN',
    method: 'PUBLISH',
    timestamp: writtenAt.getTime(),
    start: utcParts(new Date(event.startsAt)),
    startInputType: 'utc',
    startOutputType: 'utc',
    duration: { hours: DEFAULT_LENGTH_HOURS },
    title: oneLine(event.name),
    ...(event.venue !== null && { location: oneLine(event.venue) }),
    description: `Reservation ${reservationId}`,
    status: 'CONFIRMED',
    busyStatus: 'BUSY',
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
