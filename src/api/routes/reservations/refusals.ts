import type { Refusal, SeatName } from '../../../db/quotes';
import { keyReused } from '../../idempotency';
import { Problem, type ProblemCode } from '../../problem';
import { linesOf, type OrderBody } from './lines';

/** Why an order is refused, beyond what is being sold out. */
export const ORDER_PROBLEMS = [
  'not_found',
  'sale_not_open',
  'sale_paused',
  'buyer_required',
  'code_invalid',
  'code_used_up',
] as const satisfies readonly ProblemCode[];

const MOST_NAMED = 10;

/** Seats in words: by label alone where the order is for one event. */
const inWords = (seats: readonly SeatName[], body: OrderBody): string => {
  const several = linesOf(body).length > 1;
  const names = seats.map(({ event, label }) => (several ? `${label} of ${event}` : label));
  return names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ');
};

type Line = ReturnType<typeof linesOf>[number];
type Seat = NonNullable<Line['seats']>[number];

/** Where a field of a line stands in the body. */
const pathOf = (body: OrderBody, line: number, field: string): string =>
  body.lines ? `lines.${line}.${field}` : field;

/** Where the seats stand in the body that a condition is true of. */
const seatPaths = (body: OrderBody, isMeant: (seat: Seat, event: string) => boolean): string[] =>
  linesOf(body).flatMap(({ event, seats = [] }, index) =>
    seats.flatMap((seat, at) => (isMeant(seat, event) ? [pathOf(body, index, `seats.${at}`)] : [])),
  );

/** Where a field stands in the body of the lines that a condition is true of. */
const linePaths = (body: OrderBody, field: string, isMeant: (line: Line) => boolean): string[] =>
  linesOf(body).flatMap((line, index) => (isMeant(line) ? [pathOf(body, index, field)] : []));

const invalid = (detail: string, paths: readonly string[], message: string) =>
  new Problem('validation_failed', detail, { errors: paths.map((path) => ({ path, message })) });

function saleDetail({ event, opensAt, closesAt }: Extract<Refusal, { kind: 'sale_not_open' }>) {
  if (opensAt !== null && Date.parse(opensAt) > Date.now())
    return `The sale of ${event} opens at ${opensAt}.`;
  return closesAt === null
    ? `The sale of ${event} is not open.`
    : `The sale of ${event} closed at ${closesAt}.`;
}

/** Turns a refused order into the problem that is answered. */
export function refusalOf(refusal: Refusal, body: OrderBody): Problem {
  switch (refusal.kind) {
    case 'reused':
      return keyReused();
    case 'unknown_event':
      return new Problem('not_found', `There is no event ${refusal.event.slice(0, 100)}.`);
    case 'sale_not_open':
      return new Problem('sale_not_open', saleDetail(refusal));
    case 'sale_paused':
      return new Problem('sale_paused', `The sale of ${refusal.event} is paused: try again later.`);
    case 'limit':
      return new Problem(
        'limit_exceeded',
        `A reservation of ${refusal.event} has at most ${refusal.limit} seats.`,
      );
    case 'buyer_limit':
      return new Problem(
        'limit_exceeded',
        `A buyer has at most ${refusal.limit} seats of ${refusal.event}, over all reservations.`,
      );
    case 'code_limit':
      return new Problem(
        'limit_exceeded',
        `A buyer uses this code at most ${refusal.limit} times: leave it out, or wait until a hold with it ends.`,
      );
    case 'hold_too_long':
      return new Problem(
        'limit_exceeded',
        `With this key a hold lasts ${refusal.limit} seconds at most: leave holdSeconds out, or use a key made with --long-holds.`,
      );
    case 'too_many_holds':
      return new Problem(
        'limit_exceeded',
        `There are ${refusal.limit} open holds already: pay for one, cancel one, or wait until one ends.`,
      );
    case 'buyer_required':
      return new Problem(
        'buyer_required',
        'This order needs its buyer: an event or the code has a limit by buyer, or the order costs nothing.',
      );
    case 'code_invalid':
      return new Problem('code_invalid', 'The code is not valid for this order.', {
        errors: [{ path: 'code', message: 'is not valid for this order' }],
      });
    case 'code_used_up':
      return new Problem('code_used_up', 'Every use of the code is taken. Nothing was held.');
    case 'unknown_category': {
      const { event, category } = refusal;
      return invalid(
        `${event} has no category ${category}.`,
        linePaths(
          body,
          'bestAvailable.category',
          (line) => line.bestAvailable?.category === category,
        ),
        'is not a category of this event',
      );
    }
    case 'unknown_price_type': {
      const { event, category, priceType } = refusal;
      const seats = seatPaths(
        body,
        (seat) => typeof seat !== 'string' && seat.priceType === priceType,
      ).map((path) => `${path}.priceType`);
      const wishes = linePaths(
        body,
        `bestAvailable.priceTypes.${priceType}`,
        ({ bestAvailable }) => bestAvailable?.priceTypes?.[priceType] !== undefined,
      );
      return invalid(
        `The category ${category} of ${event} is not sold at the price type ${priceType}.`,
        [...seats, ...wishes],
        'is not a price type of this category',
      );
    }
    case 'unknown_allotment': {
      const { event, allotment } = refusal;
      return invalid(
        `There is no allotment ${allotment} of ${event} that this key takes seats from.`,
        linePaths(body, 'allotment', (line) => line.allotment === allotment),
        'is not an allotment of this event for this key',
      );
    }
    case 'mixed_currencies':
      return invalid(
        'An order is in one currency: these events have different ones.',
        linePaths(body, 'event', () => true),
        'has another currency than the other events',
      );
    case 'unknown_seats': {
      const labels = new Set(refusal.seats.map(({ label }) => label));
      const events = new Set(refusal.seats.map(({ event }) => event));
      return invalid(
        `There are no such seats: ${inWords(refusal.seats, body)}.`,
        seatPaths(
          body,
          (seat, event) =>
            labels.has(typeof seat === 'string' ? seat : seat.label) &&
            (events.has(event) || linesOf(body).length === 1),
        ),
        'is not a seat of this event',
      );
    }
    case 'named_twice': {
      const labels = new Set(refusal.seats.map(({ label }) => label));
      return invalid(
        `These seats are named twice: ${inWords(refusal.seats, body)}.`,
        seatPaths(body, (seat) => labels.has(typeof seat === 'string' ? seat : seat.label)),
        'is named twice',
      );
    }
    case 'companion_alone': {
      const labels = new Set(refusal.seats.map(({ label }) => label));
      return new Problem(
        'companion_alone',
        `These are companion places: ${inWords(refusal.seats, body)}. Hold an accessible place of the event with them.`,
        {
          errors: seatPaths(body, (seat) =>
            labels.has(typeof seat === 'string' ? seat : seat.label),
          ).map((path) => ({
            path,
            message: 'is a companion place: hold an accessible place with it',
          })),
        },
      );
    }
    case 'orphan':
      return new Problem(
        'orphan_seat',
        `This would leave seats alone: ${inWords(refusal.seats, body)}. Choose others beside each other in that row. Nothing was held.`,
        {
          members: {
            seats: refusal.seats.map(({ label }) => label),
            unavailable: refusal.seats,
          },
        },
      );
    case 'taken':
      return new Problem(
        'seats_unavailable',
        refusal.seats.length > 0
          ? `These seats are no longer free: ${inWords(refusal.seats, body)}. Nothing was held.`
          : 'Not enough seats are free. Nothing was held.',
        {
          members: {
            seats: refusal.seats.map(({ label }) => label),
            unavailable: refusal.seats,
          },
        },
      );
  }
}
