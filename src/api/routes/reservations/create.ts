import type { z } from 'zod';
import { holdFirstFree, holdSeats } from '../../../activities/hold-seats';
import type { Database } from '../../../db/database';
import { findUnavailable, findReplay, type HoldResult } from '../../../db/holds';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation } from '../../../db/reservations';
import { fingerprintOf, parseIdempotencyKey } from '../../../domain/idempotency-key';
import { normaliseCode } from '../../../domain/promo-code';
import {
  createBestAvailable,
  type BestAvailableRequest,
  type OrderLine,
} from '../../best-available';
import { Problem } from '../../problem';
import { HELD_RESERVATION } from '../../examples';
import type { CodeGuesses } from '../../code-guesses';
import type { FairShare } from '../../fair-share';
import type { HoldCap } from '../../hold-cap';
import { createHoldQueue } from '../../hold-queue';
import { KEY_PROBLEMS, keyReused, replayedHeader, requiredKey } from '../../idempotency';
import type { ApiMetrics } from '../../metrics';
import { leftMs } from '../../middleware/answer';
import { defineRoute, type Reply } from '../../route';
import type { SeatMaps } from '../../seat-maps';
import { createLineReader, hasWish } from './lines';
import { presentReservation } from './presenter';
import { ORDER_PROBLEMS, refusalOf } from './refusals';
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
  codeGuesses: CodeGuesses;
}

/** How many seats of each event's open sale are asked for. */
function countByEvent(lines: readonly OrderLine[]): { event: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const events = Array.isArray(line)
      ? line.flatMap(({ event, allotment }) => (allotment == null ? [event] : []))
      : line.priceTypes.flatMap(() => (line.allotment == null ? [line.event] : []));
    for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1);
  }
  return [...counts].map(([event, count]) => ({ event, count }));
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
  codeGuesses,
}: CreateRouteDeps) {
  const holdInTurn = createHoldQueue({
    take: (request) => holdSeats(db, request),
    findUnavailable: (requests) => findUnavailable(db, requests),
  });

  const bestAvailable = createBestAvailable({
    maps,
    take: (request) => holdSeats(db, request),
    takeFirst: (request, lines) => holdFirstFree(db, request, lines),
  });
  const readLines = createLineReader(db);

  async function hold(
    request: BestAvailableRequest,
    lines: readonly OrderLine[],
  ): Promise<HoldResult> {
    const named = lines.filter((line) => Array.isArray(line));
    if (named.length === lines.length) return holdInTurn({ ...request, seats: named.flat() });
    const result = await bestAvailable.hold(request, lines);
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
    if (body.code !== undefined) await codeGuesses.admit(caller.client, key);
    const overCap = await holdCap.reached(caller.client);
    const fingerprint = fingerprintOf(key, rawBody);
    const replay = () => findReplay(db, key, caller.client, fingerprint);
    const request = {
      id: key,
      client: caller.client,
      fingerprint,
      buyer: body.buyer ?? null,
      code: body.code === undefined ? null : normaliseCode(body.code),
      holdSeconds: body.holdSeconds ?? null,
      longHolds: caller.role === 'operator' || caller.longHolds,
      operator: caller.role === 'operator',
      avoidOrphans: false,
      reference: body.reference ?? null,
      metadata: body.metadata ?? null,
      defaultTtlSeconds,
      buyerCap,
      actor: `client:${caller.client}`,
      leftMs,
    };
    let result: HoldResult;
    if (overCap) result = (await replay()) ?? { kind: 'too_many_holds', limit: holdCap.limit };
    else {
      const read = await readLines(body, caller);
      if ('refusal' in read) result = (await replay()) ?? read.refusal;
      else {
        const complaint = await fairShare.complaint({
          client: caller.client,
          email: body.buyer?.email,
          seats: countByEvent(read.lines),
        });
        const known = complaint === null ? null : await replay();
        if (complaint !== null && known === null) throw new Problem('limit_exceeded', complaint);
        result = known ?? (await hold(request, read.lines));
      }
    }
    metrics.hold(result.kind);
    if (result.kind === 'code_invalid') await codeGuesses.count(caller.client, key);
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
    kind: (body) => (hasWish(body) ? 'choice' : 'sale'),
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
      ...KEY_PROBLEMS,
      ...ORDER_PROBLEMS,
      'seats_unavailable',
      'orphan_seat',
      'companion_alone',
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
