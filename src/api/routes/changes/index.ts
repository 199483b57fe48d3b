import { z } from 'zod';
import {
  confirmFreeChange,
  createChange,
  findChange,
  listChanges,
  withdrawChange,
  type ChangeRecord,
  type ChangeRefusal,
  type ChangeResult,
} from '../../../db/changes';
import { eventsOf } from '../../../contracts/reservation';
import type { Database } from '../../../db/database';
import { findEvent } from '../../../db/events';
import { NOTHING_MORE } from '../../../db/holds';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import { recordPayment } from '../../../db/payments';
import { findAnswer, type KnownKey } from '../../../db/request-keys';
import type { SeatName, WantedSeat } from '../../../db/quotes';
import type { ReservationRecord } from '../../../db/reservations';
import { isKeptForAnother } from '../../../domain/payment-reference';
import { MAX_LINES } from '../../../domain/pricing';
import { normaliseCode } from '../../../domain/promo-code';
import { isUuid, UUID_FORM } from '../../../domain/uuid';
import { faultPoint } from '../../../fault-points';
import type { PaymentSetup } from '../../../payments/setup';
import { createBestAvailable } from '../../best-available';
import type { CodeGuesses } from '../../code-guesses';
import { pageOf } from '../../cursor';
import { RESEND_KEY } from '../../examples';
import type { FairShare } from '../../fair-share';
import type { Pass } from '../../gate';
import { retryAfterHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  KEY_PROBLEMS,
  keyReused,
  refuseKnownKey,
  replayedHeader,
  requiredKey,
} from '../../idempotency';
import { leftMs } from '../../middleware/answer';
import type { Outcomes } from '../../outcomes';
import { Problem } from '../../problem';
import type { ReservationTokens } from '../../reservation-tokens';
import { defineRoute, type Reply } from '../../route';
import { page, pageQuery } from '../../schemas';
import type { SeatMaps } from '../../seat-maps';
import { createAccess, FOR_PAGES, LOOK_AGAIN_SECONDS } from '../reservations/access';
import { countByEvent, createLineReader } from '../reservations/lines';
import { ORDER_PROBLEMS, refusalOf } from '../reservations/refusals';
import { reservationParams } from '../reservations/schema';
import { change, changeConfirmation, changeLocation, changeParams, newChange } from './schema';

const CALL = 'createChange';
/** How long a confirmation waits for the actor before it is answered 202. */
const RESULT_WITHIN_MS = 5000;

export interface ChangeRouteDeps {
  db: Database;
  maps: SeatMaps;
  notify: Notify;
  outcomes: Outcomes;
  payments: PaymentSetup;
  codeGuesses: CodeGuesses;
  fairShare: FairShare;
  tokens: ReservationTokens;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** No new seats for anybody. */
  salesClosed: boolean;
}

type Body = z.output<typeof newChange>;

/** Why a change is refused, beyond what an order is refused for. */
function problemOf(refusal: ChangeRefusal, id: string): Problem {
  const invalid = (path: string, detail: string, message: string) =>
    new Problem('validation_failed', detail, { errors: [{ path, message }] });
  switch (refusal.kind) {
    case 'unknown':
      return new Problem('not_found', `You have no reservation ${id.slice(0, 128)}.`);
    case 'confirmed':
      return new Problem(
        'reservation_confirmed',
        'The reservation is confirmed: its shop changes it.',
      );
    case 'expired':
      return new Problem('reservation_expired', 'The hold has ended: reserve again.');
    case 'cancelled':
      return new Problem('reservation_cancelled', 'The reservation is cancelled.');
    case 'payment_in_progress':
      return new Problem(
        'payment_in_progress',
        'It is paid for, and being confirmed: change it afterwards.',
      );
    case 'change_open':
      return new Problem(
        'change_open',
        'There is a quote already: confirm it, withdraw it, or wait for its end.',
      );
    case 'already_checked_in':
      return new Problem(
        'already_checked_in',
        'Somebody has come in with a ticket that would change.',
      );
    case 'last_seat':
      return invalid('release', 'At least one seat stays: to give all back, cancel.', 'names all');
    case 'nothing_changes':
      return invalid('release', 'The change changes nothing.', 'or something else is needed');
    case 'too_many_seats':
      return invalid('take', 'A reservation has at most 100 seats.', 'would be too many seats');
    case 'too_many_events':
      return invalid(
        'take',
        `An order has seats of at most ${MAX_LINES} events.`,
        'would be of too many events',
      );
    case 'code_after_sale':
      return invalid('code', 'A code counts for holds: the sale is made.', 'comes too late');
    case 'not_its_seats':
      return invalid(
        'release',
        `The reservation does not have ${refusal.seats.map(({ label }) => label).join(', ')}.`,
        'is not a seat of this reservation',
      );
    case 'repeated_seats':
      return invalid(
        'release',
        `These seats are named twice: ${refusal.seats.map(({ label }) => label).join(', ')}.`,
        'is named twice, here or in priceTypes',
      );
    case 'its_seats':
      return invalid(
        'take',
        `The reservation has ${refusal.seats.map(({ label }) => label).join(', ')} already.`,
        'is a seat of this reservation',
      );
  }
}

/** Each of them, by the compiler's word. */
const REFUSALS: Record<ChangeRefusal['kind'], true> = {
  unknown: true,
  confirmed: true,
  expired: true,
  cancelled: true,
  payment_in_progress: true,
  change_open: true,
  already_checked_in: true,
  last_seat: true,
  nothing_changes: true,
  too_many_seats: true,
  too_many_events: true,
  code_after_sale: true,
  not_its_seats: true,
  its_seats: true,
  repeated_seats: true,
};
const isChangeRefusal = (result: { kind: string }): result is ChangeRefusal =>
  Object.hasOwn(REFUSALS, result.kind);

/** What the choice of seats passes on to a hold, and a change does not need. */
const NO_HOLD = {
  ...NOTHING_MORE,
  id: '',
  client: null,
  fingerprint: null,
  buyer: null,
  defaultTtlSeconds: 0,
  buyerCap: null,
  actor: '',
};

type OwnSeat = Body['release'][number];

/** A seat of the reservation; a label alone will do where there is one event. */
function ownSeat(seat: OwnSeat, events: readonly string[], path: string): SeatName {
  const label = typeof seat === 'string' ? seat : seat.label;
  const event = typeof seat === 'string' ? undefined : seat.event;
  if (event === undefined && events.length > 1) {
    throw new Problem('validation_failed', 'The reservation is for several events.', {
      errors: [{ path, message: 'needs its event' }],
    });
  }
  return { event: event ?? events[0]!, label };
}

/** Changes of a reservation's seats: applied at once while it is held, quoted and confirmed once it is sold. */
export function changeRoutes({
  db,
  maps,
  notify,
  outcomes,
  payments,
  codeGuesses,
  fairShare,
  tokens,
  defaultTtlSeconds,
  salesClosed,
}: ChangeRouteDeps) {
  const access = createAccess(db, tokens);
  const readLines = createLineReader(db);

  /** The same seat by the slug of its event, where it was named by the id. */
  async function bySlug(seat: SeatName, slugs: Map<string, string>): Promise<SeatName> {
    const { event: name, label } = seat;
    if (!isUuid(name)) return seat;
    if (!slugs.has(name)) slugs.set(name, (await findEvent(db, name))?.slug ?? name);
    return { event: slugs.get(name)!, label };
  }

  const missing = (id: string) =>
    new Problem('not_found', `The reservation has no change ${id.slice(0, 64)}.`);
  const locationOf = ({ reservation, id }: ChangeRecord) =>
    `/v1/reservations/${reservation}/changes/${id}`;
  async function load(reservation: string, id: string): Promise<ChangeRecord> {
    const found = isUuid(id) ? await findChange(db, reservation, id) : null;
    if (!found) throw missing(id);
    return found;
  }

  /** Chooses seats for what is left to us, and makes the change; while others take what was chosen, it chooses again. */
  async function make(
    before: ReservationRecord,
    body: Body,
    make: (request: {
      release: SeatName[];
      take: WantedSeat[];
      priceTypes: { seat: SeatName; priceType: string }[];
      code: string | null;
    }) => Promise<ChangeResult>,
    caller: Caller,
    deadline: () => number,
  ): Promise<ChangeResult> {
    const events = eventsOf(before);
    const slugs = new Map<string, string>();
    const release: SeatName[] = [];
    for (const [at, seat] of body.release.entries())
      release.push(await bySlug(ownSeat(seat, events, `release.${at}`), slugs));
    const priceTypes: { seat: SeatName; priceType: string }[] = [];
    for (const [at, { seat, priceType }] of body.priceTypes.entries()) {
      const own = ownSeat(seat, events, `priceTypes.${at}.seat`);
      priceTypes.push({ seat: await bySlug(own, slugs), priceType });
    }
    const code = body.code === undefined ? null : normaliseCode(body.code);
    const request = { release, priceTypes, code };
    if (body.take.length === 0) return make({ ...request, take: [] });
    const read = await readLines({ lines: body.take }, caller);
    if ('refusal' in read) return read.refusal;
    const complaint = await fairShare.complaint({
      client: caller.client,
      email: undefined,
      seats: countByEvent(read.lines),
    });
    if (complaint !== null) throw new Problem('limit_exceeded', complaint);
    const named = read.lines.filter((line) => Array.isArray(line));
    if (named.length === read.lines.length) return make({ ...request, take: named.flat() });
    let made: ChangeResult | null = null;
    const choose = createBestAvailable({
      maps,
      take: async ({ seats }) => {
        made = await make({ ...request, take: [...seats] });
        // It goes on choosing only while what it chose is taken by others.
        return made.kind === 'taken' ? made : { kind: 'reused' };
      },
      takeFirst: () => Promise.resolve(null),
    });
    const result = await choose.hold({ ...NO_HOLD, leftMs: deadline }, read.lines);
    return result.kind === 'taken' ? result : made!;
  }

  const reply = (shown: ChangeRecord, status: number): Reply => ({
    status,
    body: shown,
    headers: { location: locationOf(shown) },
  });

  async function outcomeOf(inboxId: number | null | undefined, pause: Pass['pause']) {
    notify('commands');
    return inboxId == null ? null : pause(() => outcomes.wait(inboxId, RESULT_WITHIN_MS));
  }

  /** The change after its confirmation was recorded. */
  function confirmed(shown: ChangeRecord, outcome: string | null): Reply {
    if (shown.status === 'applied') return { status: 200, body: shown };
    if (outcome === null) {
      return {
        status: 202,
        body: shown,
        headers: { location: locationOf(shown), 'retry-after': LOOK_AGAIN_SECONDS },
      };
    }
    throw ended();
  }
  const ended = () =>
    new Problem(
      'change_ended',
      'The quote has ended: what was paid for it goes back. Ask for a new one.',
    );

  const mismatch = () =>
    new Problem(
      'payment_mismatch',
      "Amount, currency and reference must be this payment's, of exactly what is due.",
    );

  return [
    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/changes',
      operationId: CALL,
      tag: 'Changes',
      summary: 'Give seats back, take others, change price types',
      description:
        'While the reservation is held it is applied at once, and its end stays. Once it is confirmed it is a quote: what it takes is held until `expiresAt`, what it gives back stays sold and valid until the quote is confirmed. Seats given back count at what was paid for them; only what is left over follows the refund terms. What is taken or retyped costs what it costs now; the code, fees and tax are those of the hold, whatever was edited since.',
      access: FOR_PAGES,
      kind: 'sale',
      params: reservationParams,
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again the first change is shown. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ),
      },
      body: newChange,
      responses: {
        201: {
          description: 'Applied, or quoted',
          schema: change,
          headers: { Location: changeLocation, 'Idempotency-Replayed': replayedHeader },
        },
      },
      problems: [
        ...KEY_PROBLEMS,
        ...ORDER_PROBLEMS,
        'seats_unavailable',
        'orphan_seat',
        'companion_alone',
        'limit_exceeded',
        'reservation_expired',
        'reservation_confirmed',
        'reservation_cancelled',
        'payment_in_progress',
        'change_open',
        'already_checked_in',
      ],
      async onInvalid({ params, caller, ctx }) {
        await refuseKnownKey(db, requiredKey(ctx), { caller, call: CALL, resource: params.id });
      },
      async handle({ params: { id }, body, caller, ctx, rawBody }) {
        const before = await access.load(id, caller);
        const keyed = keyedRequest(
          requiredKey(ctx),
          { caller, call: CALL, resource: id },
          rawBody,
        )!;
        // What was answered once is answered again, whatever has become of the sale, of limits and of free seats.
        const answered = async (known: KnownKey | null): Promise<Reply | null> => {
          if (known === null) return null;
          if (known.kind === 'reused') throw keyReused();
          const again = reply(await load(id, known.answer), 201);
          return { ...again, headers: { ...again.headers, 'idempotency-replayed': 'true' } };
        };
        const first = await answered(await findAnswer(db, keyed));
        if (first) return first;
        refuseToPage(caller, before, body);
        if (body.code !== undefined) await codeGuesses.admit(caller.limitedAs, id);
        if (salesClosed && body.take.length > 0)
          throw new Problem('sale_not_open', 'All sales are closed for now: try again later.');
        const actor = actorOf(caller);
        const taker = { client: caller.client, operator: caller.role === 'operator' };
        const result = await make(
          before,
          body,
          (request) => createChange({ db, id, actor, taker, keyed, defaultTtlSeconds }, request),
          caller,
          () => leftMs(ctx),
        );
        if (result.kind === 'made') {
          notify('commands');
          return reply(await load(id, result.id), 201);
        }
        // The same call may have been answered meanwhile.
        const known =
          result.kind === 'replayed' || result.kind === 'reused'
            ? (result as KnownKey)
            : await findAnswer(db, keyed);
        const again = await answered(known);
        if (again) return again;
        if (isChangeRefusal(result)) throw problemOf(result, id);
        const refusal = result as Exclude<typeof result, KnownKey>;
        if (refusal.kind === 'code_invalid') await codeGuesses.count(caller.limitedAs, id);
        throw refusalOf(refusal, { lines: body.take });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/changes',
      operationId: 'listChanges',
      kind: 'list',
      tag: 'Changes',
      summary: 'The changes of a reservation, newest first',
      access: FOR_PAGES,
      params: reservationParams,
      query: z.strictObject(pageQuery(UUID_FORM)),
      responses: { 200: { description: 'A page of changes', schema: page(change) } },
      problems: ['not_found'],
      async handle({ params: { id }, query: { cursor, limit }, caller }) {
        await access.load(id, caller);
        const rows = await listChanges(db, id, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.change.id);
        return { status: 200, body: { data: shown.map((row) => row.change), nextCursor } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/changes/{change}',
      operationId: 'getChange',
      tag: 'Changes',
      summary: 'A change of a reservation',
      access: FOR_PAGES,
      params: changeParams,
      responses: { 200: { description: 'The change', schema: change } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        await access.load(params.id, caller);
        return { status: 200, body: await load(params.id, params.change) };
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/v1/reservations/{id}/changes/{change}',
      operationId: 'withdrawChange',
      tag: 'Changes',
      summary: 'Withdraw a quote: what it holds is free again',
      access: FOR_PAGES,
      kind: 'sale',
      params: changeParams,
      responses: { 200: { description: 'Withdrawn, now or before', schema: change } },
      problems: ['not_found', 'payment_in_progress', 'change_ended'],
      async handle({ params, caller }) {
        await access.load(params.id, caller);
        if (!isUuid(params.change)) throw missing(params.change);
        const refused = await withdrawChange(db, params.id, params.change, actorOf(caller));
        if (refused === 'unknown') throw missing(params.change);
        if (refused === 'payment_in_progress')
          throw new Problem('payment_in_progress', 'It is paid for, and being applied.');
        if (refused !== null)
          throw new Problem('change_ended', `The change is ${refused}: it cannot be withdrawn.`);
        notify('commands');
        return { status: 200, body: await load(params.id, params.change) };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/changes/{change}/confirm',
      operationId: 'confirmChange',
      tag: 'Changes',
      summary: 'Apply a quote, with a payment of what is due',
      description:
        'A payment by webhook does the same: it names the change beside the reservation.',
      access: FOR_PAGES,
      kind: 'sale',
      params: changeParams,
      body: changeConfirmation,
      responses: {
        200: { description: 'Applied', schema: change },
        202: {
          description: 'Kept; the actor has not come to it within 5 s. The change as it stands',
          schema: change,
          headers: { Location: changeLocation, 'Retry-After': retryAfterHeader },
        },
      },
      problems: [
        'not_found',
        'payment_mismatch',
        'change_ended',
        'reservation_expired',
        'reservation_cancelled',
      ],
      async handle({ params: { id, change: changeId }, body, caller, pause }) {
        await access.load(id, caller);
        const before = await load(id, changeId);
        const actor = actorOf(caller);
        if (body.payment && caller.role === 'publishable')
          throw new Problem('forbidden', 'A page cannot say that it was paid.');
        // A payment of nothing says no more than none.
        if (!body.payment || (body.payment.amount === 0 && before.due === null)) {
          const result = await confirmFreeChange(db, id, changeId, actor);
          if (result.kind === 'unknown') throw missing(changeId);
          if (result.kind === 'due') {
            throw new Problem('validation_failed', 'There is something to pay: send `payment`.', {
              errors: [{ path: 'payment', message: `is needed: ${before.due!.amount} are due` }],
            });
          }
          if (result.kind === 'ended') throw ended();
          if (result.kind === 'applied') return { status: 200, body: await load(id, changeId) };
          const outcome = await outcomeOf(result.inboxId, pause);
          return confirmed(await load(id, changeId), outcome);
        }
        const notice = {
          ...body.payment,
          reservationId: id,
          changeId,
          source: 'client' as const,
          actor,
        };
        if (isKeptForAnother(notice.reference, id)) throw mismatch();
        const { testProvider } = payments;
        const result = await recordPayment(db, notice, { strict: true, testProvider });
        switch (result.kind) {
          case 'unknown':
            throw missing(changeId);
          case 'change_ended':
          case 'confirmed':
            throw ended();
          case 'expired':
            throw new Problem('reservation_expired', 'The hold has ended.');
          case 'cancelled':
            throw new Problem('reservation_cancelled', 'The reservation is cancelled.');
          case 'mismatch':
            throw mismatch();
          case 'recorded':
          case 'known': {
            faultPoint('confirm.recorded');
            const outcome = await outcomeOf(result.inboxId, pause);
            return confirmed(await load(id, changeId), outcome);
          }
        }
      },
    }),
  ];
}

/**
 * Of a sale a page may give seats back, by the terms, and nothing else: who takes further seats pays, and that is
 * between the buyer and the shop's server.
 */
function refuseToPage({ role }: Caller, { status }: ReservationRecord, body: Body): void {
  const { take, priceTypes, code } = body;
  const isMore = take.length > 0 || priceTypes.length > 0 || code !== undefined;
  if (role === 'publishable' && status === 'confirmed' && isMore)
    throw new Problem('reservation_confirmed', 'A page gives seats of a sale back, and no more.');
}

const actorOf = ({ role, client }: Caller): string => `${role}:${client}`;
