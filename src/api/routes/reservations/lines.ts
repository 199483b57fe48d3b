import type { z } from 'zod';
import { isAllotmentFor } from '../../../db/allotments';
import type { Database } from '../../../db/database';
import { findEvent, type EventRecord } from '../../../db/events';
import type { Caller } from '../../../db/keys';
import type { Refusal, SeatName } from '../../../db/quotes';
import { ownMember } from '../../../domain/own-member';
import { isUuid } from '../../../domain/uuid';
import type { OrderLine } from '../../best-available';
import { createSharedReads } from '../../shared-reads';
import type { newPricePreview } from './schema';

/** An order as a body names it. */
export type OrderBody = Pick<
  z.output<typeof newPricePreview>,
  'event' | 'seats' | 'bestAvailable' | 'allotment' | 'lines'
>;
type BodyLine = NonNullable<OrderBody['lines']>[number];

/** The lines of a body: `event` with its seats at the top is one line. */
export const linesOf = ({ event, seats, bestAvailable, allotment, lines }: OrderBody): BodyLine[] =>
  lines ?? [{ event: event!, seats, bestAvailable, allotment }];

/** Whether seats of the order are left to us. */
export const hasWish = (body: OrderBody): boolean =>
  linesOf(body).some(({ bestAvailable }) => bestAvailable !== undefined);

/**
 * The price type of each seat of a wish, in the order of the event's types: null for all that name
 * none.
 */
function typesOf(
  { priceTypes }: EventRecord,
  { quantity, priceTypes: wanted }: NonNullable<BodyLine['bestAvailable']>,
): { types: (string | null)[] } | { unknown: string } {
  if (!wanted) return { types: Array<null>(quantity).fill(null) };
  const known = priceTypes.map(({ code }) => code);
  const unknown = Object.keys(wanted).find((code) => !known.includes(code));
  if (unknown !== undefined) return { unknown };
  return {
    types: known.flatMap((code) => Array<string>(ownMember(wanted, code) ?? 0).fill(code)),
  };
}

/** How many seats of each event's open sale are asked for. */
export function countByEvent(lines: readonly OrderLine[]): { event: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const events = Array.isArray(line)
      ? line.flatMap(({ event, allotment }) => (allotment == null ? [event] : []))
      : line.priceTypes.flatMap(() => (line.allotment == null ? [line.event] : []));
    for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1);
  }
  return [...counts].map(([event, count]) => ({ event, count }));
}

/**
 * Reads the lines of an order. An event is looked up where its rules are needed: for seats that are
 * left to us, where it may have two names, and where an allotment is named.
 */
export function createLineReader(db: Database) {
  const readEvent = createSharedReads((name) => findEvent(db, name));

  async function readWish(
    event: EventRecord,
    wish: NonNullable<BodyLine['bestAvailable']>,
    allotment: string | null,
  ): Promise<OrderLine | Refusal> {
    const { category, quantity } = wish;
    const { slug, maxSeatsPerReservation: limit } = event;
    if (!event.categories.some(({ code }) => code === category))
      return { kind: 'unknown_category', event: slug, category };
    if (quantity > limit) return { kind: 'limit', event: slug, limit };
    const read = typesOf(event, wish);
    if ('unknown' in read)
      return { kind: 'unknown_price_type', event: slug, category, priceType: read.unknown };
    return {
      eventId: event.id,
      event: slug,
      category,
      priceTypes: read.types,
      allotment,
      accessible: wish.accessible ?? 0,
      orphanRule: event.orphanRule,
    };
  }

  return async (
    body: OrderBody,
    { client, role }: Pick<Caller, 'client' | 'role'>,
  ): Promise<{ lines: OrderLine[] } | { refusal: Refusal }> => {
    const taker = { client, operator: role === 'operator' };
    const lines: OrderLine[] = [];
    const named = new Set<string>();
    const twice: SeatName[] = [];
    const events = new Map<string, EventRecord | null>();
    for (const { event: name, seats, bestAvailable, allotment = null } of linesOf(body)) {
      let slug = name;
      if (bestAvailable || isUuid(name) || allotment !== null) {
        if (!events.has(name)) events.set(name, await readEvent(name));
        const event = events.get(name);
        if (!event) return { refusal: { kind: 'unknown_event', event: name } };
        slug = event.slug;
        if (allotment !== null && !(await isAllotmentFor(db, taker, event.id, allotment)))
          return { refusal: { kind: 'unknown_allotment', event: slug, allotment } };
        if (bestAvailable) {
          const wish = await readWish(event, bestAvailable, allotment);
          if ('kind' in wish) return { refusal: wish };
          lines.push(wish);
          continue;
        }
      }
      const wanted = seats!.map((seat) =>
        typeof seat === 'string'
          ? { event: slug, label: seat, priceType: null, allotment }
          : { event: slug, label: seat.label, priceType: seat.priceType ?? null, allotment },
      );
      // An event has two names: the body alone does not show every repetition.
      for (const { event, label } of wanted) {
        if (named.has(`${event} ${label}`)) twice.push({ event, label });
        named.add(`${event} ${label}`);
      }
      lines.push(wanted);
    }
    return twice.length > 0 ? { refusal: { kind: 'named_twice', seats: twice } } : { lines };
  };
}
