import type { z } from 'zod';
import type { Database } from '../../../db/database';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation, type ReservationRecord } from '../../../db/reservations';
import {
  cancelHold,
  extendHold,
  recordCancelRequest,
  previewCancel,
  recordPayment,
  type CancelChoice,
  type RecordResult,
} from '../../../db/payments';
import { orderResend } from '../../../db/mails';
import { faultPoint } from '../../../fault-points';
import {
  BEING_CANCELLED,
  CANCELLED_RESERVATION,
  CONFIRMED_RESERVATION,
  HELD_RESERVATION,
  RESEND_KEY,
} from '../../examples';
import type { Pass } from '../../gate';
import { retryAfterHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  keyReused,
  optionalKey,
  refuseKnownKey,
  replayedHeader,
} from '../../idempotency';
import type { Outcomes } from '../../outcomes';
import type { PaymentSetup } from '../../../payments/setup';
import { Problem } from '../../problem';
import { freeReference, isKeptForAnother } from '../../../domain/payment-reference';
import { defineRoute, type Reply, type ResponseSpec } from '../../route';
import { actorOf, FOR_PAGES, LOOK_AGAIN_SECONDS, type Access } from './access';
import { presentReservation } from './presenter';
import {
  cancellation,
  cancelPreview,
  confirmation,
  reservation,
  reservationLocation,
  reservationParams,
} from './schema';

const RESEND = 'resendTickets';

/** How long `confirm` and `cancel` wait for the actor before they answer 202. */
const RESULT_WITHIN_MS = 5000;

const REFUSALS = {
  expired: ['reservation_expired', 'The hold has ended: reserve again.'],
  cancelled: ['reservation_cancelled', 'The reservation is cancelled: reserve again.'],
  confirmed: ['reservation_confirmed', 'The reservation is confirmed already.'],
  mismatch: [
    'payment_mismatch',
    "Amount, currency and reference must be this payment's and match the reservation's total; it stays held.",
  ],
  checkedIn: [
    'already_checked_in',
    'Somebody has come in with one of its tickets: it cannot be cancelled any more.',
  ],
  limit: ['extension_limit', 'The hold has reached its cap: pay, or reserve again later.'],
} as const;

function refuse(kind: keyof typeof REFUSALS): never {
  const [code, detail] = REFUSALS[kind];
  throw new Problem(code, detail);
}

/**
 * The payment of an order that costs nothing: of nothing, with a reference that the reservation alone can have.
 * @throws Problem `validation_failed` where there is something to pay
 */
function nothingToPay({ id, total, payments }: ReservationRecord) {
  // Once confirmed as a free order, whatever it costs since a change.
  const wasFree = payments.some(({ reference }) => reference === freeReference(id));
  if (total.amount > 0 && !wasFree) {
    throw new Problem('validation_failed', 'There is something to pay: send `payment`.', {
      errors: [
        { path: 'payment', message: `is needed: the total is ${total.amount} (minor units)` },
      ],
    });
  }
  return { reference: freeReference(id), amount: 0, currency: total.currency };
}

/** What an operator chose; null: the terms decide. */
function choiceOf({ refund, allowCheckedIn }: z.output<typeof cancellation>): CancelChoice | null {
  if (refund === undefined && !allowCheckedIn) return null;
  return {
    ...(refund !== undefined && { refund: typeof refund === 'string' ? refund : refund.amount }),
    ...(allowCheckedIn && { allowCheckedIn }),
  };
}

/** @param example the reservation before the command */
const accepted = (
  description: string,
  example: unknown,
  headers: ResponseSpec['headers'] = {},
): ResponseSpec => ({
  description,
  schema: reservation,
  example,
  headers: { Location: reservationLocation, 'Retry-After': retryAfterHeader, ...headers },
});
/** Why there are no tickets. */
export const NO_TICKETS = [
  'tickets_not_ready',
  'reservation_not_confirmed',
  'reservation_expired',
  'reservation_cancelled',
  'buyer_erased',
] as const;
const KEPT = 'Kept; the actor has not come to it within 5 s. The reservation as it stands';

export interface CommandRouteDeps {
  db: Database;
  /** Notifies the relays that a queue of the outbox has entries. */
  notify: Notify;
  outcomes: Outcomes;
  payments: PaymentSetup;
  /** With tickets, from one client to one mailbox; null: any number. */
  mailsAnHour: number | null;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
}

/**
 * The commands on a reservation. Each is first recorded in PostgreSQL; then the workflow carries it
 * out.
 */
export function commandRoutes({
  db,
  notify,
  outcomes,
  access,
  payments,
  mailsAnHour,
  defaultTtlSeconds,
}: CommandRouteDeps & { access: Access }) {
  const done = (record: ReservationRecord): Reply => ({
    status: 200,
    body: presentReservation(record),
  });
  const promised = (record: ReservationRecord): Reply => ({
    status: 202,
    body: presentReservation(record),
    headers: { location: `/v1/reservations/${record.id}`, 'retry-after': LOOK_AGAIN_SECONDS },
  });
  const reload = async (id: string) => (await findReservation(db, id))!;

  /** Waits for the outcome of a recorded message. */
  async function outcomeOf(
    result: Pick<RecordResult, 'inboxId'>,
    pause: Pass['pause'],
  ): Promise<string | null> {
    notify('commands');
    const { inboxId } = result;
    return inboxId == null ? null : pause(() => outcomes.wait(inboxId, RESULT_WITHIN_MS));
  }

  return [
    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/confirm',
      operationId: 'confirmReservation',
      tag: 'Reservations',
      summary: 'Confirm with a payment that the client took itself',
      access: ['client'],
      kind: 'sale',
      params: reservationParams,
      body: confirmation,
      responses: {
        200: { description: 'Confirmed', schema: reservation },
        202: accepted(KEPT, HELD_RESERVATION),
      },
      problems: [
        'not_found',
        'payment_mismatch',
        'buyer_required',
        'reservation_expired',
        'reservation_cancelled',
        'reservation_confirmed',
      ],
      async handle({ params, body, caller, pause }) {
        const before = await access.load(params.id, caller);
        const payment = body.payment ?? nothingToPay(before);
        if (before.buyer === null && before.status === 'held')
          throw new Problem(
            'buyer_required',
            'Name the buyer first: PATCH the reservation with `buyer`.',
          );
        if (isKeptForAnother(payment.reference, params.id)) return refuse('mismatch');
        const notice = {
          ...payment,
          reservationId: params.id,
          source: 'client' as const,
          actor: `client:${caller.client}`,
        };
        const result = await recordPayment(db, notice, {
          strict: true,
          testProvider: payments.testProvider,
        });
        if (result.kind === 'unknown') throw access.missing(params.id);
        // Of a change it is not.
        if (result.kind === 'change_ended') return refuse('mismatch');
        if (result.kind !== 'recorded' && result.kind !== 'known') return refuse(result.kind);
        faultPoint('confirm.recorded');
        const outcome = await outcomeOf(result, pause);
        const now = await reload(params.id);
        if (
          outcome === 'confirmed' ||
          (now.status === 'confirmed' && now.payment?.reference === payment.reference)
        )
          return done(now);
        if (outcome === null) return promised(now);
        return refuse(
          now.status === 'cancelled' || now.status === 'confirmed' ? now.status : 'mismatch',
        );
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/cancel',
      operationId: 'previewCancel',
      tag: 'Reservations',
      summary: 'What a cancel would give back now',
      access: FOR_PAGES,
      params: reservationParams,
      responses: { 200: { description: "By the events' terms", schema: cancelPreview } },
      problems: ['not_found', 'reservation_expired', 'reservation_cancelled'],
      async handle({ params: { id }, caller }) {
        const { status, cancelRequestedAt } = await access.load(id, caller);
        if (status === 'expired') return refuse('expired');
        if (status === 'cancelled' || cancelRequestedAt !== null) return refuse('cancelled');
        const { refund, retained, currency, termsUntil } = await previewCancel(db, id);
        const money = (amount: number) => ({ amount, currency });
        // A hold has given nothing, so it gets nothing back.
        const body = {
          refund: money(refund),
          retained: money(retained),
          termsUntil: status === 'held' ? null : termsUntil,
        };
        return { status: 200, body };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/cancel',
      operationId: 'cancelReservation',
      tag: 'Reservations',
      summary: 'Release a hold, or undo a sale: void its tickets and refund it',
      description:
        "The tickets of a sale are void from the moment at which the cancel is accepted (`cancelRequestedAt`), and what goes back is fixed then, by the events' terms; without terms, and for what was accepted while held, all. Not once somebody has come in. An operator may choose otherwise. A page cancels what it holds, and no sale (409 `reservation_confirmed`).",
      access: FOR_PAGES,
      kind: 'sale',
      params: reservationParams,
      body: cancellation,
      bodyOptional: true,
      responses: {
        200: { description: 'Cancelled', schema: reservation, example: CANCELLED_RESERVATION },
        202: accepted(KEPT, BEING_CANCELLED),
      },
      problems: [
        'not_found',
        'forbidden',
        'reservation_expired',
        'reservation_confirmed',
        'already_checked_in',
        'cancel_accepted',
        'refund_exceeds_payment',
      ],
      async handle({ params, body, caller, pause }) {
        await access.load(params.id, caller);
        const choice = choiceOf(body);
        if (choice !== null && caller.role !== 'operator')
          throw new Problem('forbidden', 'How a sale is cancelled is for operators to choose.');
        const actor = `${caller.role}:${caller.client}`;
        const result =
          caller.role === 'publishable'
            ? await cancelHold(db, params.id, actor)
            : await recordCancelRequest(db, params.id, actor, choice);
        if (result.kind === 'unknown') throw access.missing(params.id);
        if (result.kind === 'cancelled') return done(await reload(params.id));
        if (result.kind === 'cancel_accepted') {
          throw new Problem(
            'cancel_accepted',
            'A cancel was accepted before, with another body: it is carried out as it was.',
          );
        }
        if (result.kind === 'exceeds') {
          throw new Problem(
            'refund_exceeds_payment',
            `No more than ${result.left} (minor units) is left of what was paid.`,
            { members: { left: result.left } },
          );
        }
        if (result.kind === 'expired' || result.kind === 'confirmed') return refuse(result.kind);
        if (result.kind === 'already_checked_in') return refuse('checkedIn');
        const outcome = await outcomeOf(result, pause);
        const now = await reload(params.id);
        if (now.status === 'cancelled') return done(now);
        return outcome === null ? promised(now) : refuse('expired');
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/extend',
      operationId: 'extendReservation',
      tag: 'Reservations',
      summary: "Let the hold last a full time from now, at most to the event's cap",
      access: FOR_PAGES,
      kind: 'sale',
      params: reservationParams,
      responses: {
        200: { description: 'Extended', schema: reservation, example: HELD_RESERVATION },
      },
      problems: [
        'not_found',
        'extension_limit',
        'reservation_expired',
        'reservation_cancelled',
        'reservation_confirmed',
      ],
      async handle({ params, caller }) {
        await access.load(params.id, caller);
        const kind = await extendHold(db, params.id, defaultTtlSeconds, actorOf(caller));
        if (kind === 'unknown') throw access.missing(params.id);
        if (kind !== 'extended') return refuse(kind);
        notify('commands');
        return done(await reload(params.id));
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/resend',
      operationId: RESEND,
      tag: 'Tickets',
      summary: 'Mail the tickets again',
      access: ['client'],
      params: reservationParams,
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again nothing more is sent. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ).optional(),
      },
      responses: {
        202: accepted('Will be sent', CONFIRMED_RESERVATION, {
          'Idempotency-Replayed': replayedHeader,
        }),
      },
      problems: ['not_found', ...NO_TICKETS, 'idempotency_key_invalid', 'idempotency_key_reused'],
      async onInvalid({ params, caller, ctx }) {
        const call = { caller, call: RESEND, resource: params.id };
        await refuseKnownKey(db, optionalKey(ctx), call);
      },
      async handle({ params, caller, ctx, rawBody }) {
        const record = await access.load(params.id, caller);
        const call = { caller, call: RESEND, resource: params.id };
        const request = keyedRequest(optionalKey(ctx), call, rawBody);
        const actor = `client:${caller.client}`;
        const result = await orderResend(db, params.id, actor, { mailsAnHour, request });
        switch (result.kind) {
          case 'ordered':
            notify('commands');
            return promised(record);
          case 'replayed': {
            const reply = promised(record);
            return { ...reply, headers: { ...reply.headers, 'idempotency-replayed': 'true' } };
          }
          case 'reused':
            throw keyReused();
          case 'no_tickets':
            throw await access.withoutTickets(await reload(params.id));
          case 'too_many':
            throw new Problem(
              'rate_limited',
              'The tickets were sent many times within the hour: try again later.',
              { headers: { 'retry-after': String(result.seconds) } },
            );
        }
      },
    }),
  ];
}
