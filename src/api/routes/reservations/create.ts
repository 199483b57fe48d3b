import type { z } from 'zod';
import { holdFirstFree, holdSeats, holdTogether } from '../../../activities/hold-seats';
import { DeadlinePassed, type Database } from '../../../db/database';
import { fitsBatch } from '../../../db/hold-batch';
import { findUnavailable, findReplay, type HoldRequest, type HoldResult } from '../../../db/holds';
import type { Notify } from '../../../db/outbox-notifier';
import { findHolder } from '../../../db/history';
import { findReservation, type ReservationRecord } from '../../../db/reservations';
import { fingerprintOf, parseIdempotencyKey } from '../../../domain/idempotency-key';
import { normaliseCode } from '../../../domain/promo-code';
import {
  createBestAvailable,
  type BestAvailableRequest,
  type OrderLine,
} from '../../best-available';
import type { ApiCaller } from '../../caller';
import { Problem } from '../../problem';
import { noteReservation } from '../../request-log';
import { HELD_RESERVATION } from '../../examples';
import type { CodeGuesses } from '../../code-guesses';
import type { FairShare } from '../../fair-share';
import { createGate, type Inside, type Pass } from '../../gate';
import { createHoldBatches } from '../../hold-batches';
import type { HoldCap } from '../../hold-cap';
import { createHoldQueue } from '../../hold-queue';
import { KEY_PROBLEMS, keyReused, replayedHeader, requiredKey } from '../../idempotency';
import type { ApiMetrics } from '../../metrics';
import type { PageHolds } from '../../page-holds';
import { leftMs } from '../../middleware/answer';
import { defineRoute, type Reply } from '../../route';
import type { ReservationTokens } from '../../reservation-tokens';
import type { SeatMaps } from '../../seat-maps';
import { actorOf, FOR_PAGES } from './access';
import { countByEvent, createLineReader, hasWish } from './lines';
import { presentReservation, withoutBuyerAndPayments } from './presenter';
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

/**
 * Requests that are in the queue before the seats, or in a batch: with full batches, two under way
 * and two to come.
 */
const CROWD = 128;

type NewReservation = z.output<typeof newReservation>;

/**
 * `POST /v1/reservations`: the early hold. It is answered from PostgreSQL alone; the workflow
 * adopts the hold right after.
 */
export interface CreateRouteDeps {
  db: Database;
  maps: SeatMaps;
  metrics: Pick<ApiMetrics, 'hold' | 'holdBatch'>;
  /** Notifies the relays that a queue of the outbox has entries. */
  notify: Notify;
  holdCap: HoldCap;
  fairShare: FairShare;
  pageHolds: PageHolds;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
  codeGuesses: CodeGuesses;
  tokens: ReservationTokens;
  /** No new hold for anybody. */
  salesClosed: boolean;
  /** How many holds are committed together at most; 1: each by itself. */
  holdBatch: number;
}

/** @returns the problem that a check ends with; null: there is none */
const refusalFrom = (check: Promise<void>): Promise<Problem | null> =>
  check.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Problem) return error;
      throw error;
    },
  );

export function createRoute({
  db,
  maps,
  metrics,
  notify,
  holdCap,
  fairShare,
  pageHolds,
  defaultTtlSeconds,
  buyerCap,
  codeGuesses,
  tokens,
  salesClosed,
  holdBatch,
}: CreateRouteDeps) {
  const holdInBatch = createHoldBatches({
    most: holdBatch,
    fits: (request) => fitsBatch(db, request),
    together: (requests) => holdTogether(db, requests),
    observe: metrics.holdBatch,
  });
  const holdAlongside = (request: HoldRequest, inside: Inside): Promise<HoldResult> =>
    holdInBatch(request, (one) => inside(() => holdSeats(db, one)));
  const holdInTurn = createHoldQueue({
    take: holdAlongside,
    findUnavailable: (requests) => findUnavailable(db, requests),
  });
  /** Gives the clients turns, as the gate does. */
  const crowd = createGate(CROWD);

  const bestAvailable = createBestAvailable({
    maps,
    take: holdAlongside,
    takeFirst: (request, lines) => holdFirstFree(db, request, lines),
  });
  const readLines = createLineReader(db);

  async function holdLines(
    request: BestAvailableRequest,
    lines: readonly OrderLine[],
    inside: Inside,
  ): Promise<HoldResult> {
    const named = lines.filter((line) => Array.isArray(line));
    if (named.length === lines.length)
      return holdInTurn({ ...request, seats: named.flat() }, inside);
    const result = await bestAvailable.hold(request, lines, inside);
    if ('reservation' in result) return result;
    // The chosen seats are not part of the request: a known key gets its reservation, whatever is
    // free now.
    const known = await inside(() =>
      findReplay(db, request.id, request.client!, request.fingerprint!),
    );
    return known ?? result;
  }

  /** A hold that waits for others, or goes with them, needs no place at the gate. */
  function hold(
    request: BestAvailableRequest,
    lines: readonly OrderLine[],
    { client, address }: ApiCaller,
    aside: Pass['aside'],
  ): Promise<HoldResult> {
    return aside(async (inside) => {
      const kind = lines.every((line) => Array.isArray(line)) ? 'sale' : 'choice';
      const { leave } = await crowd.enter(kind, client, address);
      try {
        if (request.leftMs() <= 0) throw new DeadlinePassed();
        return await holdLines(request, lines, inside);
      } finally {
        leave();
      }
    });
  }

  /**
   * What a page needs to go on with its hold. A page whose answer was lost asks again under its key
   * and gets it, but only while the reservation is held: an id that somebody learns later (a
   * provider has it, and the log of a shop) gives no tickets. A hold of the shop's server has none:
   * its id and body may be known to pages.
   */
  async function tokenFor(
    { id, status }: ReservationRecord,
    caller: ApiCaller,
    isReplayed: boolean,
  ): Promise<string | null> {
    if (caller.role !== 'publishable') return null;
    const isOurs =
      !isReplayed || (status === 'held' && (await findHolder(db, id)) === actorOf(caller));
    return isOurs ? tokens.of(caller.client, id) : null;
  }

  /** Why this caller may hold nothing now, in words; null: it may. */
  async function complaintOf(
    caller: ApiCaller,
    { buyer }: NewReservation,
    lines: readonly OrderLine[],
  ): Promise<string | null> {
    const ofPage =
      caller.role === 'publishable' ? await pageHolds.complaint(caller.limitedAs) : null;
    if (ofPage !== null) return ofPage;
    return fairShare.complaint({
      client: caller.client,
      email: buyer?.email,
      seats: countByEvent(lines),
    });
  }

  async function handle(
    body: NewReservation,
    rawBody: unknown,
    caller: ApiCaller,
    key: string,
    { leftMs, aside }: { leftMs: () => number; aside: Pass['aside'] },
  ): Promise<Reply> {
    const tooManyCodes =
      body.code === undefined ? null : await refusalFrom(codeGuesses.admit(caller.limitedAs, key));
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
      actor: actorOf(caller),
      leftMs,
    };
    let result: HoldResult;
    if (salesClosed) {
      const known = await replay();
      if (known === null)
        throw new Problem('sale_not_open', 'All sales are closed for now: try again later.');
      result = known;
    } else if (tooManyCodes) {
      const known = await replay();
      if (known === null) throw tooManyCodes;
      result = known;
    } else if (overCap)
      result = (await replay()) ?? { kind: 'too_many_holds', limit: holdCap.limit };
    else {
      const read = await readLines(body, caller);
      if ('refusal' in read) result = (await replay()) ?? read.refusal;
      else {
        const complaint = await complaintOf(caller, body, read.lines);
        const known = complaint === null ? null : await replay();
        if (complaint !== null && known === null) throw new Problem('limit_exceeded', complaint);
        result = known ?? (await hold(request, read.lines, caller, aside));
      }
    }
    metrics.hold(result.kind);
    if (result.kind === 'code_invalid') await codeGuesses.count(caller.limitedAs, key);
    if (!('reservation' in result)) throw refusalOf(result, body);
    if (result.kind === 'held') {
      holdCap.count(caller.client);
      if (caller.role === 'publishable') pageHolds.took(caller.limitedAs, key);
      notify('starts');
    }
    const token = await tokenFor(result.reservation, caller, result.kind === 'replayed');
    const mayRead =
      caller.role !== 'publishable' ||
      token !== null ||
      (await tokens.fits(caller.reservationToken, caller.client, key));
    const shown = mayRead ? result.reservation : withoutBuyerAndPayments(result.reservation);
    return {
      status: 201,
      body: { ...presentReservation(shown), ...(token !== null && { token }) },
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
      'All the seats or none. The `Idempotency-Key` becomes the id: the same request again gets the same reservation, at any later time; a refused hold does not use the key up. With a publishable key the answer has `token`, and so has the same request again while it is held; later, without `Reservation-Token`, it is shown without buyer, payments, reference and metadata.',
    access: FOR_PAGES,
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
    handle({ body, rawBody, caller, ctx, aside }) {
      const key = requiredKey(ctx);
      noteReservation(ctx, key);
      return handle(body, rawBody, caller, key, { leftMs: () => leftMs(ctx), aside });
    },
  });
}
