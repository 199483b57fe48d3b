import type { z } from 'zod';
import { holdSeats } from '../../../activities/hold-seats';
import type { Database } from '../../../db/database';
import { findEvent } from '../../../db/events';
import { findUnavailable, findReplay, type HoldResult } from '../../../db/holds';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation } from '../../../db/reservations';
import { fingerprintOf, parseIdempotencyKey } from '../../../domain/idempotency-key';
import { createBestAvailable, type BestAvailableRequest } from '../../best-available';
import { HELD_RESERVATION } from '../../examples';
import type { FairShare } from '../../fair-share';
import type { HoldCap } from '../../hold-cap';
import { createHoldQueue } from '../../hold-queue';
import { keyReused, replayedHeader, requiredKey } from '../../idempotency';
import type { ApiMetrics } from '../../metrics';
import { leftMs } from '../../middleware/answer';
import { Problem } from '../../problem';
import { defineRoute, type Reply } from '../../route';
import type { SeatMaps } from '../../seat-maps';
import { presentReservation } from './presenter';
import {
  keyHeader,
  newReservation,
  newReservationExamples,
  reservation,
  reservationLocation,
} from './schema';

/** The calls that usually follow a new reservation. */
const NEXT_CALLS = [
  'getReservation',
  'extendReservation',
  'confirmReservation',
  'cancelReservation',
  'getTickets',
  'getTicketsPdf',
  'getHistory',
];

type NewReservation = z.output<typeof newReservation>;

/** Turns a refused hold into the problem that is answered. */
function refusalOf(
  result: Exclude<HoldResult, { reservation: unknown }>,
  body: NewReservation,
): Problem {
  switch (result.kind) {
    case 'reused':
      return keyReused();
    case 'unknown_event':
      return new Problem('not_found', `There is no event ${body.event}.`);
    case 'sale_not_open':
      return new Problem('sale_not_open', saleDetail(result));
    case 'limit':
      return new Problem(
        'limit_exceeded',
        `A reservation of this event has at most ${result.limit} seats.`,
      );
    case 'too_many_holds':
      return new Problem(
        'limit_exceeded',
        `There are ${result.limit} open holds already: pay for one, cancel one, or wait until one ends.`,
      );
    case 'unknown_category':
      return new Problem('validation_failed', `The event has no category ${result.category}.`, {
        errors: [{ path: 'bestAvailable.category', message: 'is not a category of this event' }],
      });
    case 'unknown_seats':
      return new Problem(
        'validation_failed',
        `The event has no such seats: ${result.seats.slice(0, 10).join(', ')}.`,
        {
          errors: result.seats.map((label) => ({
            path: `seats.${(body.seats ?? []).indexOf(label)}`,
            message: 'is not a seat of this event',
          })),
        },
      );
    case 'taken':
      return new Problem(
        'seats_unavailable',
        result.seats.length > 0
          ? `These seats are no longer free: ${result.seats.join(', ')}. Nothing was held.`
          : 'Not enough seats are free. Nothing was held.',
        { members: { seats: result.seats } },
      );
  }
}

function saleDetail({
  opensAt,
  closesAt,
}: {
  opensAt: string | null;
  closesAt: string | null;
}): string {
  if (opensAt !== null && Date.parse(opensAt) > Date.now()) return `The sale opens at ${opensAt}.`;
  return closesAt === null ? 'The sale is not open.' : `The sale closed at ${closesAt}.`;
}

/**
 * `POST /v1/reservations`: the early hold. It is answered from PostgreSQL alone; the workflow
 * adopts the hold right after.
 */
export interface CreateRouteDeps {
  db: Database;
  maps: SeatMaps;
  metrics: Pick<ApiMetrics, 'hold'>;
  /** Notifies the relays that a queue of the outbox has entries. */
  notify: Notify;
  holdCap: HoldCap;
  fairShare: FairShare;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
}

export function createRoute({
  db,
  maps,
  metrics,
  notify,
  holdCap,
  fairShare,
  defaultTtlSeconds,
  buyerCap,
}: CreateRouteDeps) {
  const holdInTurn = createHoldQueue({
    take: (request) => holdSeats(db, request),
    findUnavailable: (requests) => findUnavailable(db, requests),
  });

  const holdBest = createBestAvailable({ maps, take: (request) => holdSeats(db, request) });

  async function holdBestAvailable(
    request: BestAvailableRequest,
    { quantity, category }: NonNullable<NewReservation['bestAvailable']>,
  ): Promise<HoldResult> {
    const event = await findEvent(db, request.event);
    if (!event) return { kind: 'unknown_event' };
    if (!event.categories.some((one) => one.code === category))
      return { kind: 'unknown_category', category };
    if (quantity > event.maxSeatsPerReservation)
      return { kind: 'limit', limit: event.maxSeatsPerReservation };
    return holdBest(event.id, request, { quantity, category });
  }

  async function hold(request: BestAvailableRequest, body: NewReservation): Promise<HoldResult> {
    if (body.seats) return holdInTurn({ ...request, labels: body.seats });
    const result = await holdBestAvailable(request, body.bestAvailable!);
    if ('reservation' in result) return result;
    // The chosen seats are not part of the request: a known key gets its reservation, whatever is
    // free now.
    return (await findReplay(db, request.id, request.client!, request.fingerprint!)) ?? result;
  }

  async function handle(
    body: NewReservation,
    rawBody: unknown,
    caller: Caller,
    key: string,
    leftMs: () => number,
  ): Promise<Reply> {
    const seats = [
      { event: body.event, count: body.seats?.length ?? body.bestAvailable?.quantity ?? 0 },
    ];
    const complaint = await fairShare.complaint({
      client: caller.client,
      email: body.buyer.email,
      seats,
    });
    const overCap = await holdCap.reached(caller.client);
    const request = {
      id: key,
      client: caller.client,
      fingerprint: fingerprintOf(key, rawBody),
      event: body.event,
      buyer: body.buyer,
      defaultTtlSeconds,
      buyerCap,
      actor: `client:${caller.client}`,
      leftMs,
    };
    const replay =
      overCap || complaint !== null
        ? await findReplay(db, key, caller.client, request.fingerprint)
        : null;
    if (complaint !== null && replay === null) throw new Problem('limit_exceeded', complaint);
    const result: HoldResult =
      replay ??
      (overCap ? { kind: 'too_many_holds', limit: holdCap.limit } : await hold(request, body));
    metrics.hold(result.kind);
    if (!('reservation' in result)) throw refusalOf(result, body);
    if (result.kind === 'held') {
      holdCap.count(caller.client);
      notify('starts');
    }
    return {
      status: 201,
      body: presentReservation(result.reservation),
      headers: {
        location: `/v1/reservations/${key}`,
        ...(result.kind === 'replayed' && { 'idempotency-replayed': 'true' }),
      },
    };
  }

  return defineRoute({
    method: 'post',
    path: '/v1/reservations',
    operationId: 'createReservation',
    tag: 'Reservations',
    summary: 'Hold seats',
    description:
      'All the seats or none. The `Idempotency-Key` becomes the id: the same request again gets the same reservation, at any later time; a refused hold does not use the key up.',
    access: ['client'],
    headers: keyHeader,
    kind: (body) => (body.seats ? 'sale' : 'choice'),
    body: newReservation,
    bodyExamples: newReservationExamples,
    responses: {
      201: {
        description:
          'Held; or, with `Idempotency-Replayed: true`, the reservation as it stands now',
        schema: reservation,
        example: HELD_RESERVATION,
        headers: {
          Location: reservationLocation,
          'Idempotency-Replayed': replayedHeader,
        },
        links: Object.fromEntries(
          NEXT_CALLS.map((operationId) => [operationId, { id: '$response.body#/id' }]),
        ),
      },
    },
    problems: [
      'idempotency_key_missing',
      'idempotency_key_invalid',
      'idempotency_key_reused',
      'not_found',
      'seats_unavailable',
      'sale_not_open',
      'limit_exceeded',
    ],
    // A known key with an invalid body is a different body. The answer says so, and nothing more.
    async onInvalid({ ctx }) {
      const parsed = parseIdempotencyKey(ctx.get('idempotency-key'));
      if (parsed.kind === 'key' && (await findReservation(db, parsed.key))) throw keyReused();
    },
    handle: ({ body, rawBody, caller, ctx }) =>
      handle(body, rawBody, caller, requiredKey(ctx), () => leftMs(ctx)),
  });
}
