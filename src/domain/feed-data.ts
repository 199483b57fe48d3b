import { REFUND_REASONS } from './settlement';
import type { HistoryType } from './history-types';

/** What a member of an entry's data must be to be shown; a member that is not listed is not shown. */
type Shape = 'text' | 'number' | 'texts' | 'seat' | 'seats' | 'money' | 'reason';
type Members = Readonly<Record<string, Shape>>;

const CHANGE: Members = { change: 'text', due: 'money', refund: 'money', expiresAt: 'text' };
const PAYMENT: Members = { amount: 'number', currency: 'text' };
const REFUND: Members = { refund: 'text', ...PAYMENT, reason: 'reason', by: 'text' };
const TICKET: Members = { seat: 'seat' };
const MAIL: Members = { kind: 'text', sequence: 'number' };
const ALLOTMENT: Members = { allotment: 'text', until: 'text' };
const NONE: Members = {};

/**
 * What the feed shows of an entry's data. Never a buyer, a reference, metadata or free text: the
 * reference of a payment may be a client's own words too, and so may the name of a gate.
 */
const SHOWN: Readonly<Record<HistoryType, Members>> = {
  'reservation.held': { seats: 'seats', expiresAt: 'text' },
  'reservation.extended': { expiresAt: 'text' },
  'reservation.changed': { ...CHANGE, seats: 'seats', released: 'seats', taken: 'seats' },
  'reservation.confirmed': NONE,
  'reservation.cancel_requested': NONE,
  'reservation.cancelled': NONE,
  'reservation.expired': NONE,
  'reservation.updated': { changed: 'texts' },
  'reservation.erased': NONE,
  'change.quoted': CHANGE,
  'change.applied': CHANGE,
  'change.expired': CHANGE,
  'change.withdrawn': CHANGE,
  'payment.received': PAYMENT,
  'payment.pending': NONE,
  'payment.failed': NONE,
  'payment.unmatched': PAYMENT,
  'payment.disputed': PAYMENT,
  'payment.dispute_won': PAYMENT,
  'payment.dispute_lost': PAYMENT,
  'refund.created': REFUND,
  'refund.succeeded': REFUND,
  'refund.failed': REFUND,
  'tickets.ready': NONE,
  'tickets.resend_requested': { sequence: 'number' },
  'tickets.mailed': MAIL,
  'tickets.mail_refused': MAIL,
  'ticket.voided': TICKET,
  'ticket.checked_in': { ...TICKET, scannedAt: 'text' },
  'ticket.check_in_undone': TICKET,
  'event.created': NONE,
  'event.changed': { changed: 'texts' },
  'allotment.created': ALLOTMENT,
  'allotment.ended': ALLOTMENT,
};

const REASONS: ReadonlySet<unknown> = new Set([...REFUND_REASONS, 'operator', 'provider']);
const isText = (value: unknown): boolean => typeof value === 'string';
const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** By label, or where several events are meant with the event. */
const isSeat = (seat: unknown): boolean =>
  isText(seat) || (isObject(seat) && isText(seat.event) && isText(seat.label));

const FITS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  text: isText,
  number: (value) => typeof value === 'number',
  texts: (value) => Array.isArray(value) && value.every(isText),
  seat: isSeat,
  seats: (value) => Array.isArray(value) && value.every(isSeat),
  money: (value) => isObject(value) && typeof value.amount === 'number' && isText(value.currency),
  reason: (value) => REASONS.has(value),
};

/** The part of an entry's data that the feed shows. */
export function feedData(
  type: HistoryType,
  data: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  // Of a later release there may be types that this one does not know.
  const known: Readonly<Partial<Record<HistoryType, Members>>> = SHOWN;
  const shown = Object.entries(known[type] ?? NONE);
  return Object.fromEntries(
    shown.filter(([name, shape]) => FITS[shape](data[name])).map(([name]) => [name, data[name]]),
  );
}
