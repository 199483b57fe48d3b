import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../../db/database';
import {
  createEvent,
  findEvent,
  listEvents,
  type EventRecord,
  type NewEvent,
} from '../../../db/events';
import type { Caller } from '../../../db/keys';
import { readTemplate } from '../../../db/event-edits';
import { layOutSeats } from '../../../domain/seat-map';
import { UUID_FORM } from '../../../domain/uuid';
import { toStripe } from '../../../payments/stripe-amounts';
import { networkOfRequest } from '../../addresses';
import { pageOf } from '../../cursor';
import type { EventStreams } from '../../event-streams';
import { NOBODY } from '../../middleware/authenticate';
import type { PaymentSetup } from '../../../payments/setup';
import { leftMs } from '../../middleware/answer';
import { Problem } from '../../problem';
import { etagHeader, locationHeader, revisionHeader } from '../../headers';
import { defineRoute, LARGE_BODY, type Reply } from '../../route';
import { flag, list, page, pageQuery } from '../../schemas';
import { allotmentsFor, type SeatMaps } from '../../seat-maps';
import { etagOf, ifNoneMatchParameter, isKnown } from '../../preconditions';
import { editRoute } from './edit';
import { loadEvent } from './load';
import { presentEvent } from './presenter';
import { reportRoute } from './report';
import { sectionsRoute } from './sections';
import {
  event,
  eventParams,
  newEvent,
  pricingOf,
  seat,
  seatChange,
  seatFilter,
  type WholeEvent,
} from './schema';

const KNOWN_SLUGS = 10_000;

export interface EventRouteDeps {
  db: Database;
  maps: SeatMaps;
  streams: EventStreams;
  trustedProxies: number;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  payments: PaymentSetup;
}

/** What is looked at before an event is sold by this process. */
type Priced = Pick<WholeEvent, 'categories' | 'fees'> & { currency: string };

/** @throws Problem that names each price and fee that Stripe could never charge */
function refuseWhatStripeCannotTake({ categories, fees, currency }: Priced): void {
  const amounts = [
    ...categories.flatMap(({ code, price, prices = {} }, index) => [
      { of: code, amount: price, path: `categories.${index}.price` },
      ...Object.entries(prices).map(([type, amount]) => ({
        of: `${code} at ${type}`,
        amount,
        path: `categories.${index}.prices.${type}`,
      })),
    ]),
    ...fees.flatMap(({ code, amount }, index) =>
      amount === undefined ? [] : [{ of: code, amount, path: `fees.${index}.amount` }],
    ),
  ];
  const refused = amounts.filter(({ amount }) => toStripe({ amount, currency }) === null);
  if (refused.length === 0) return;
  throw new Problem(
    'validation_failed',
    `Stripe cannot take these amounts of ${currency}: ${refused.map((one) => one.of).join(', ')}.`,
    {
      errors: refused.map(({ path }) => ({
        path,
        message: `is an amount of ${currency} that Stripe cannot take`,
      })),
    },
  );
}

const digestOf = (text: string): string =>
  createHash('sha1').update(text).digest('base64url').slice(0, 10);

/** For whom a caller takes seats from allotments: a client; null: as an operator; undefined: for nobody. */
function takerOf({ role, client }: Caller): string | null | undefined {
  if (role === 'operator') return null;
  return role === 'client' && client !== NOBODY.client ? client : undefined;
}

/**
 * The seats of another event, and its best place.
 * @throws Problem when there is no such event, or it has seats of other categories
 */
async function readHall(
  db: Database,
  name: string,
  categories: NewEvent['categories'],
): Promise<Pick<NewEvent, 'seats' | 'focalPoint'>> {
  const refuse = (message: string) =>
    new Problem('validation_failed', `sectionsFrom ${message}.`, {
      errors: [{ path: 'sectionsFrom', message }],
    });
  const hall = await findEvent(db, name);
  if (!hall) throw refuse('is not an event');
  const seats = await readTemplate(db, hall.id);
  const codes = new Set(seats.map(({ category }) => category));
  for (const { code } of categories) codes.delete(code);
  if (codes.size > 0)
    throw refuse(`has seats of the categories ${[...codes].join(', ')}: name them too`);
  return { seats, focalPoint: hall.focalPoint };
}

/** Events and their seat maps. Reading is public; creating an event takes an operator's key. */
export function eventRoutes({
  db,
  maps,
  streams,
  trustedProxies,
  defaultTtlSeconds,
  payments,
}: EventRouteDeps) {
  const load = (idOrSlug: string) => loadEvent(db, idOrSlug);

  const present = (record: EventRecord) => presentEvent(record, defaultTtlSeconds);

  /** @throws Problem for a definition that this process could not sell by */
  function refuseUnsellable({
    holdTtlSeconds,
    holdCapSeconds,
    ...rest
  }: Pick<WholeEvent, 'holdTtlSeconds' | 'holdCapSeconds'> & Priced): void {
    const ttl = holdTtlSeconds ?? defaultTtlSeconds;
    if (holdCapSeconds !== null && holdCapSeconds < ttl)
      throw new Problem(
        'validation_failed',
        `holdCapSeconds must not be below the hold's ${ttl} seconds.`,
        { errors: [{ path: 'holdCapSeconds', message: `must not be below ${ttl}` }] },
      );
    if (payments.usesStripe) refuseWhatStripeCannotTake(rest);
  }

  const idOfSlug = new Map<string, string>();

  /** A slug names one event for good, so its id is looked up once and cached. */
  async function idOf(idOrSlug: string): Promise<string> {
    const known = idOfSlug.get(idOrSlug);
    if (known !== undefined) return known;
    const { id, slug } = await load(idOrSlug);
    if (idOfSlug.size >= KNOWN_SLUGS) idOfSlug.clear();
    if (slug === idOrSlug) idOfSlug.set(slug, id);
    return id;
  }

  return [
    defineRoute({
      method: 'get',
      path: '/v1/events',
      operationId: 'listEvents',
      tag: 'Events',
      summary: 'Events by their start',
      access: 'public',
      query: z.strictObject({
        ...pageQuery(UUID_FORM),
        upcoming: flag.optional().meta({ description: 'true: only those that have not begun' }),
      }),
      responses: { 200: { description: 'A page of events', schema: page(event) } },
      problems: [],
      async handle({ query }) {
        const after = query.cursor ?? null;
        const rows = await listEvents(db, {
          upcoming: query.upcoming === true,
          after,
          limit: query.limit + 1,
        });
        const { rows: shown, nextCursor } = pageOf(rows, query.limit, (row) => row.event.id);
        return {
          status: 200,
          body: {
            data: shown.map((row) => present(row.event)),
            nextCursor,
          },
        };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/events',
      operationId: 'createEvent',
      tag: 'Events',
      summary: 'Make an event with all its seats',
      description:
        'A seat is labelled `ROW-NUMBER` (`A-1`); where several sections have a row of that name, `SECTION-ROW-NUMBER`; a general admission place `SECTION-NUMBER`. Seats of a row are 1 to `seats`, or called as `numbers` says; `bestAvailable` sees no neighbours across an aisle. A body has at most 1 MB: `POST /v1/events/{event}/sections` adds more. Up to 100,000 seats, preferred in the order given here and from the middle of each row, or from `focalPoint`.',
      access: ['operator'],
      body: newEvent,
      bodyLimit: LARGE_BODY,
      responses: {
        201: {
          description: 'The event',
          schema: event,
          headers: {
            Location: locationHeader('the event', '/v1/events/hamlet'),
            ETag: revisionHeader,
          },
          links: {
            getEvent: { event: '$response.body#/slug' },
            getSeats: { event: '$response.body#/slug' },
          },
        },
      },
      problems: ['slug_taken'],
      async handle({ body, ctx, caller }): Promise<Reply> {
        const { sections = [], sectionsFrom, ...rest } = body;
        refuseUnsellable(rest);
        const template =
          sectionsFrom === undefined ? null : await readHall(db, sectionsFrom, rest.categories);
        const seats = template?.seats ?? layOutSeats(sections).seats;
        const focalPoint = rest.focalPoint ?? template?.focalPoint ?? null;
        const definition = { ...rest, focalPoint, pricing: pricingOf(rest), seats };
        const outcome = await createEvent(db, definition, {
          actor: `operator:${caller.client}`,
          leftMs: () => leftMs(ctx),
        });
        if (outcome === 'slug_taken')
          throw new Problem(
            'slug_taken',
            `There is an event ${rest.slug} already: choose another slug.`,
          );
        const location = `/v1/events/${rest.slug}`;
        const made = await load(rest.slug);
        return {
          status: 201,
          body: present(made),
          headers: { location, etag: etagOf(made.revision) },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}',
      operationId: 'getEvent',
      tag: 'Events',
      summary: 'One event',
      access: 'public',
      params: eventParams,
      headers: { 'If-None-Match': ifNoneMatchParameter },
      responses: {
        200: { description: 'The event', schema: event, headers: { ETag: revisionHeader } },
        304: { description: 'Nothing has changed', headers: { ETag: revisionHeader } },
      },
      problems: ['not_found'],
      async handle({ params, ctx }) {
        const record = await load(params.event);
        const etag = etagOf(record.revision);
        if (isKnown(ctx, etag)) return { status: 304, headers: { etag } };
        return { status: 200, body: present(record), headers: { etag } };
      },
    }),

    editRoute({ db, load, present, refuseUnsellable }),
    sectionsRoute({ db, load, present }),

    reportRoute(db, load),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/seats',
      operationId: 'getSeats',
      tag: 'Events',
      summary: 'The seat map',
      description:
        'Unpaged: every seat, or those of a `section`, of a `status`, or of both. Send the `ETag` back as `If-None-Match`: while nothing has changed the answer is 304. Seats of an allotment are `blocked`; with the key of its client or of an operator they are `available`, with `allotment`.',
      access: 'public',
      knowsKeys: true,
      kind: 'free',
      params: eventParams,
      query: seatFilter,
      headers: { 'If-None-Match': ifNoneMatchParameter },
      responses: {
        200: { description: 'The seats', schema: list(seat), headers: { ETag: etagHeader } },
        304: { description: 'Nothing has changed', headers: { ETag: etagHeader } },
      },
      problems: ['not_found'],
      async handle({ params, query, caller, ctx }) {
        const picture = await maps.read(await idOf(params.event));
        const client = takerOf(caller);
        const allotments = client === undefined ? [] : allotmentsFor(picture, client);
        const isPrivate = allotments.length > 0;
        const isPart = Object.keys(query).length > 0;
        const views = [
          ...(isPrivate ? [client ?? ''] : []),
          ...(isPart ? [digestOf(JSON.stringify([query.section, query.status]))] : []),
        ];
        const etag = `"${[picture.etag.slice(1, -1), ...views].join('.')}"`;
        const headers = {
          etag,
          'cache-control': isPrivate ? 'private, no-cache' : 'no-cache',
          vary: 'Accept-Encoding, Authorization',
        };
        if (isKnown(ctx, etag)) return { status: 304, headers };
        const forms =
          isPrivate || isPart ? maps.formsFor(picture, allotments, query) : maps.forms(picture);
        if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip')
          return { status: 200, headers, body: forms.json(), type: 'application/json' };
        return {
          status: 200,
          headers: { ...headers, 'content-encoding': 'gzip' },
          body: await forms.gzipped(),
          type: 'application/json',
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/stream',
      operationId: 'streamSeats',
      tag: 'Events',
      summary: 'The seat map, live',
      description:
        'Server-sent events: `snapshot` with every seat first, then `seats` with what changed, both as `{ "data": [{ "label", "status" }] }`. `map` says the same when the event itself was changed or has more seats: fetch the map again. After a lost connection a new snapshot comes.',
      access: 'public',
      kind: 'free',
      params: eventParams,
      responses: {
        200: {
          description: 'A stream without an end',
          contentType: 'text/event-stream',
          events: { names: ['snapshot', 'seats', 'map'], data: list(seatChange) },
          example: 'event: seats\ndata: {"data":[{"label":"A-1","status":"held"}]}\n\n',
        },
      },
      problems: ['not_found'],
      async handle({ params, ctx }) {
        const listener = await streams.listen(
          await idOf(params.event),
          networkOfRequest(ctx, trustedProxies),
        );
        if (listener === 'full' || listener === 'too_many') {
          const headers = { 'retry-after': '5' };
          throw listener === 'full'
            ? new Problem('temporarily_unavailable', 'Too many listen here: try again soon.', {
                headers,
              })
            : new Problem(
                'rate_limited',
                'Too many listeners at your address: close one, then try again.',
                { headers },
              );
        }
        ctx.req.once('close', () => listener.destroy());
        return {
          status: 200,
          body: listener,
          type: 'text/event-stream',
          headers: { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' },
        };
      },
    }),
  ];
}
