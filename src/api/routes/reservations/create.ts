import { randomInt } from 'node:crypto';
import type { z } from 'zod';
import { holdSeats } from '../../../activities/hold-seats';
import type { Database } from '../../../db/database';
import { findEvent } from '../../../db/events';
import {
  findUnavailable,
  findReplay,
  readFreeSeats,
  type HoldRequest,
  type HoldResult,
} from '../../../db/holds';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation } from '../../../db/reservations';
import { chooseSeats } from '../../../domain/best-available';
import { fingerprintOf, parseIdempotencyKey } from '../../../domain/idempotency-key';
import { HELD_RESERVATION } from '../../examples';
import type { HoldCap } from '../../hold-cap';
import { createHoldQueue } from '../../hold-queue';
import { keyReused, replayedHeader, requiredKey } from '../../idempotency';
import type { ApiMetrics } from '../../metrics';
import { Problem } from '../../problem';
import { defineRoute, type Reply } from '../../route';
import { presentReservation } from './presenter';
import {
  keyHeader,
  newReservation,
  newReservationExamples,
  reservation,
  reservationLocation,
} from './schema';

const BEST_AVAILABLE_ATTEMPTS = 8;
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

const invalid = (path: string, message: string, detail: string) =>
  new Problem('validation_failed', detail, { errors: [{ path, message }] });

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
 * Takes seats of the engine's choice: it reads what is free, chooses, and takes that; when another buyer was quicker it
 * looks again, choosing wider.
 */
async function holdBestAvailable(
  { db }: { db: Database },
  request: Omit<HoldRequest, 'labels'>,
  { quantity, category }: NonNullable<NewReservation['bestAvailable']>,
): Promise<HoldResult> {
  const event = await findEvent(db, request.event);
  if (!event) return { kind: 'unknown_event' };
  if (!event.categories.some((one) => one.code === category)) {
    throw invalid(
      'bestAvailable.category',
      'is not a category of this event',
      `The event has no category ${category}.`,
    );
  }
  if (quantity > event.maxSeatsPerReservation)
    return { kind: 'limit', limit: event.maxSeatsPerReservation };
  for (let attempt = 0; attempt < BEST_AVAILABLE_ATTEMPTS; attempt++) {
    const free = await readFreeSeats(db, event.id, category, quantity);
    // General admission places are all alike, so the choice is spread at random from the first
    // attempt.
    const labels = chooseSeats(free, quantity, free.places ? attempt + 4 : attempt, (below) =>
      randomInt(below),
    );
    if (!labels) break;
    const result = await holdSeats(db, { ...request, labels });
    if (result.kind !== 'taken') return result;
  }
  return { kind: 'taken', seats: [] };
}

/**
 * `POST /v1/reservations`: the early hold. It is answered from PostgreSQL alone; the workflow
 * adopts the hold right after.
 */
export interface CreateRouteDeps {
  db: Database;
  metrics: Pick<ApiMetrics, 'hold'>;
  /** Notifies the relays that a queue of the outbox has entries. */
  notify: Notify;
  holdCap: HoldCap;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
}

export function createRoute({
  db,
  metrics,
  notify,
  holdCap,
  defaultTtlSeconds,
  buyerCap,
}: CreateRouteDeps) {
  const holdInTurn = createHoldQueue({
    take: (request) => holdSeats(db, request),
    findUnavailable: (requests) => findUnavailable(db, requests),
  });

  async function hold(
    request: Omit<HoldRequest, 'labels'>,
    body: NewReservation,
  ): Promise<HoldResult> {
    if (body.seats) return holdInTurn({ ...request, labels: body.seats });
    // The chosen seats are not part of the request, so a replay must be detected before seats are
    // chosen.
    const replay = await findReplay(db, request.id, request.client!, request.fingerprint!);
    if (replay) return replay;
    const result = await holdBestAvailable({ db }, request, body.bestAvailable!);
    return result.kind === 'taken'
      ? ((await findReplay(db, request.id, request.client!, request.fingerprint!)) ?? result)
      : result;
  }

  async function handle(
    body: NewReservation,
    rawBody: unknown,
    caller: Caller,
    key: string,
  ): Promise<Reply> {
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
    };
    const result: HoldResult = overCap
      ? ((await findReplay(db, key, caller.client, request.fingerprint)) ?? {
          kind: 'too_many_holds',
          limit: holdCap.limit,
        })
      : await hold(request, body);
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
    handle: ({ body, rawBody, caller, ctx }) => handle(body, rawBody, caller, requiredKey(ctx)),
  });
}
