import { isDeepStrictEqual } from 'node:util';
import { TOLD_OF, updateEvent, type EditResult } from '../../../db/event-edits';
import type { Database } from '../../../db/database';
import type { EventRecord } from '../../../db/events';
import { revisionHeader } from '../../headers';
import { changedSince, etagOf, ifMatchParameter, requireMatch } from '../../preconditions';
import { Problem, type FieldError } from '../../problem';
import { defineRoute, LARGE_BODY } from '../../route';
import {
  event,
  eventParams,
  eventPatch,
  pricingOf,
  wholeEvent,
  type EventPatch,
  type WholeEvent,
} from './schema';

const invalid = (detail: string, errors: FieldError[]) =>
  new Problem('validation_failed', detail, { errors });

/** An event as the body of its making would say it. */
const definitionOf = (record: EventRecord) => ({
  name: record.name,
  venue: record.venue,
  startsAt: record.startsAt,
  timeZone: record.timeZone,
  salesOpenAt: record.salesOpenAt,
  salesCloseAt: record.salesCloseAt,
  holdTtlSeconds: record.holdTtlSeconds,
  holdCapSeconds: record.holdCapSeconds,
  maxSeatsPerReservation: record.maxSeatsPerReservation,
  maxSeatsPerBuyer: record.maxSeatsPerBuyer,
  priceTypes: record.priceTypes,
  categories: record.categories.map(({ price, prices, ...category }) => ({
    ...category,
    price: price.amount,
    prices: Object.fromEntries(Object.entries(prices).map(([type, one]) => [type, one.amount])),
  })),
  fees: record.fees.map(({ amount, percent, ...fee }) => ({
    ...fee,
    ...(amount === null ? { percent: percent! } : { amount: amount.amount }),
  })),
  tax: record.tax,
  refundTerms: record.refundTerms,
  orphanRule: record.orphanRule,
  focalPoint: record.focalPoint,
  salesPaused: record.salesPaused,
});

/** Why a field has no default that `null` could bring back. */
const NEVER_CLEARED = ['name', 'startsAt', 'categories'] as const;
const NEVER_CHANGES = {
  slug: 'never changes: tickets, links and clients know the event by it',
  currency: 'never changes: what is held and sold is priced in it',
} as const;

/** @throws Problem that names each field that cannot be changed so */
function refuseWhatStays(patch: EventPatch, record: EventRecord): void {
  const errors: FieldError[] = [];
  for (const field of ['slug', 'currency'] as const) {
    if (patch[field] !== undefined && patch[field] !== record[field])
      errors.push({ path: field, message: NEVER_CHANGES[field] });
  }
  for (const field of NEVER_CLEARED)
    if (patch[field] === null) errors.push({ path: field, message: 'cannot be cleared' });
  for (const [label, seat] of Object.entries(patch.seats ?? {})) {
    if (seat.label !== undefined && seat.label !== label)
      errors.push({
        path: `seats.${label}.label`,
        message: 'never changes: tickets are printed with it',
      });
  }
  if (errors.length > 0) throw invalid('An event keeps these for good.', errors);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field after a merge patch: an object keeps the members that the patch does not name. */
const merged = (value: unknown, given: unknown): unknown =>
  isObject(value) && isObject(given) ? { ...value, ...given } : (given ?? value);

/**
 * What an event would be after a merge patch. A category or price type that is left out is no longer
 * sold, and still known: what was sold of it says so.
 */
function merge(record: EventRecord, patch: EventPatch): Record<string, unknown> {
  const before = definitionOf(record);
  // What is cleared is left out, so that the default of the schema takes its place.
  const after: Record<string, unknown> = Object.fromEntries(
    Object.entries(before).flatMap(([field, value]) => {
      const given = patch[field as keyof WholeEvent];
      return given === null ? [] : [[field, merged(value, given)]];
    }),
  );
  const types = patch.priceTypes === undefined ? before.priceTypes : (patch.priceTypes ?? []);
  const sold = new Set(types.map(({ code }) => code));
  const without = (prices: Record<string, number>) =>
    Object.fromEntries(Object.entries(prices).filter(([type]) => sold.has(type)));
  if (patch.priceTypes)
    after.priceTypes = [...patch.priceTypes, ...hidden(before.priceTypes, patch.priceTypes)];
  after.categories = patch.categories
    ? [
        ...patch.categories,
        ...hidden(before.categories, patch.categories).map((one) => ({
          ...one,
          prices: without(one.prices),
        })),
      ]
    : before.categories.map((one) => ({ ...one, prices: without(one.prices) }));
  return after;
}

const leftOutOf = <Coded extends { code: string }>(
  before: readonly Coded[],
  listed: readonly { code: string }[],
) => before.filter(({ code }) => !listed.some((one) => one.code === code));
const hidden = <Coded extends { code: string }>(
  before: readonly Coded[],
  listed: readonly { code: string }[],
) => leftOutOf(before, listed).map((one) => ({ ...one, active: false }));

function read(value: unknown): WholeEvent {
  const whole = wholeEvent.safeParse(value);
  if (whole.success) return whole.data;
  throw invalid(
    'The event would not be valid.',
    whole.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  );
}

/** As it is compared: a flag that is not given is the same as its default. */
const plain = (definition: WholeEvent) => ({
  ...definition,
  priceTypes: definition.priceTypes?.map((type) => ({ ...type, active: type.active ?? true })),
  categories: definition.categories.map((one) => ({
    ...one,
    prices: one.prices ?? {},
    active: one.active ?? true,
  })),
});

function changedFields(record: EventRecord, after: WholeEvent): string[] {
  const before: Record<string, unknown> = definitionOf(record);
  return Object.entries(plain(after))
    .filter(([field, value]) => !isDeepStrictEqual(value, before[field]))
    .map(([field]) => field);
}

function refusalOf(result: Exclude<EditResult, { kind: 'changed' | 'unchanged' }>): Problem {
  if (result.kind === 'changed_since') return changedSince();
  if (result.kind === 'unknown_seats')
    return invalid(
      'There are no such seats in this event.',
      result.labels
        .slice(0, 50)
        .map((label) => ({ path: `seats.${label}`, message: 'is not a seat of this event' })),
    );
  const { holds, until } = result;
  return new Problem(
    'holds_outlast_start',
    `Seats are held beyond that start, by ${holds} reservations, the last until ${until}. Pause the sale, wait until then, and change the start again. Nothing was changed.`,
  );
}

interface EditDeps {
  db: Database;
  /** Throws when there is no such event. */
  load: (event: string) => Promise<EventRecord>;
  present: (record: EventRecord) => object;
  /** Throws for a definition that this process could not sell by. */
  refuseUnsellable: (event: WholeEvent & { currency: string }) => void;
}

/** Changes an event that may be on sale. */
export function editRoute({ db, load, present, refuseUnsellable }: EditDeps) {
  return defineRoute({
    method: 'patch',
    path: '/v1/events/{event}',
    operationId: 'updateEvent',
    tag: 'Events',
    summary: 'Change an event',
    description:
      'A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears, a list is replaced whole. Binds holds that begin afterwards; what is held or sold keeps its price, its terms and its tickets. A category or price type that is left out is no longer sold, `"active": false`. `seats` takes single seats out of the sale, or back. `slug`, `currency` and labels never change.',
    access: ['operator'],
    params: eventParams,
    headers: { 'If-Match': ifMatchParameter },
    body: eventPatch,
    bodyLimit: LARGE_BODY,
    responses: {
      200: { description: 'Changed', schema: event, headers: { ETag: revisionHeader } },
    },
    problems: ['not_found', 'holds_outlast_start', 'precondition_failed', 'precondition_required'],
    async handle({ params, body, caller, ctx }) {
      const before = await load(params.event);
      requireMatch(ctx, etagOf(before.revision));
      refuseWhatStays(body, before);
      const after = read(merge(before, body));
      refuseUnsellable({ ...after, currency: before.currency });
      const changed = changedFields(before, after);
      if (body.notify && !TOLD_OF.some((field) => changed.includes(field)))
        throw invalid('There is nothing new to tell ticket holders of.', [
          { path: 'notify', message: `goes with a new ${TOLD_OF.join(', ')}` },
        ]);
      const seats = new Map(
        Object.entries(body.seats ?? {}).map(([label, { active }]) => [label, active]),
      );
      const result = await updateEvent(
        db,
        before,
        {
          definition: { ...after, pricing: pricingOf(after) },
          changed,
          leftOut: leftOutOf(before.categories, body.categories ?? before.categories).map(
            ({ code }) => code,
          ),
          seats,
          notify: body.notify,
        },
        `operator:${caller.client}`,
      );
      if (result.kind !== 'changed' && result.kind !== 'unchanged') throw refusalOf(result);
      const shown = await load(before.id);
      return { status: 200, body: present(shown), headers: { etag: etagOf(shown.revision) } };
    },
  });
}
