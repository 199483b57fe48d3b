import type { Context } from 'koa';
import { z } from 'zod';
import type { Database } from '../../../db/database';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import {
  findRefundablePayment,
  listRefunds,
  moveRefund,
  orderRefund,
  readRefund,
  type RefundRecord,
} from '../../../db/refunds';
import { oncePerKey } from '../../../db/request-keys';
import { REFUND_STATUSES } from '../../../domain/settlement';
import { isUuid, UUID_FORM } from '../../../domain/uuid';
import { pageOf } from '../../cursor';
import { REFUND_ID, RESEND_KEY } from '../../examples';
import { locationHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  KEY_PROBLEMS,
  keyReused,
  refuseKnownKey,
  replayedHeader,
  requiredKey,
} from '../../idempotency';
import { Problem } from '../../problem';
import { noteReservation } from '../../request-log';
import type { ReservationTokens } from '../../reservation-tokens';
import { defineRoute } from '../../route';
import { page, pageQuery } from '../../schemas';
import { createAccess } from '../reservations/access';
import { reservationParams } from '../reservations/schema';
import { newRefund, refund, succeededByHand } from './schema';

const CALL = 'createRefund';

export interface RefundRouteDeps {
  db: Database;
  /** Tells the relays that a queue of the outbox has entries. */
  notify: Notify;
  tokens: ReservationTokens;
}

/** Refunds, whether ordered by the system or by an operator. */
export function refundRoutes({ db, notify, tokens }: RefundRouteDeps) {
  const access = createAccess(db, tokens);
  const missing = (id: string) =>
    new Problem('not_found', `There is no refund ${id.slice(0, 40)} of yours.`);

  /** @throws Problem `not_found` if there is no such refund, or the caller may not see it */
  async function load(id: string, caller: Caller, ctx: Context): Promise<RefundRecord> {
    const found = isUuid(id) ? await readRefund(db, id) : null;
    const isOwnClaim = found?.client === caller.client && found.source === 'client';
    if (!found || (caller.role !== 'operator' && !isOwnClaim)) throw missing(id);
    noteReservation(ctx, found.reservation);
    return found.refund;
  }

  return [
    defineRoute({
      method: 'get',
      path: '/v1/refunds',
      operationId: 'listRefunds',
      kind: 'list',
      tag: 'Payments',
      summary: 'Refunds, newest first',
      access: ['operator'],
      query: z.strictObject({
        ...pageQuery(UUID_FORM),
        status: z.enum(REFUND_STATUSES).optional(),
      }),
      responses: { 200: { description: 'A page of refunds', schema: page(refund) } },
      problems: [],
      async handle({ query: { cursor, limit, status } }) {
        const rows = await listRefunds(db, status, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.refund.id);
        return { status: 200, body: { data: shown.map((row) => row.refund), nextCursor } };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/refunds/{id}/mark-succeeded',
      operationId: 'markRefundSucceeded',
      tag: 'Payments',
      summary: 'Say that a refund which no provider carries out was given back',
      description:
        'For refunds `by: "client"`: an operator, or the client whose own `confirm` reported the payment.',
      access: ['client'],
      params: z.object({ id: z.string().meta({ examples: [REFUND_ID] }) }),
      body: succeededByHand,
      responses: { 200: { description: 'Succeeded, now or before', schema: refund } },
      problems: ['not_found', 'refund_not_by_hand'],
      async handle({ params: { id }, body: { note }, caller, ctx }) {
        const before = await load(id, caller, ctx);
        if (before.by !== 'client' || before.status === 'failed') {
          throw new Problem(
            'refund_not_by_hand',
            before.by === 'client'
              ? 'This refund has failed: order a new one.'
              : 'A provider carries this refund out and says what became of it.',
          );
        }
        const actor = `${caller.role}:${caller.client}`;
        await moveRefund(db, id, { status: 'succeeded', note, actor, wake: false });
        notify('commands');
        return { status: 200, body: await load(id, caller, ctx) };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/refunds',
      operationId: CALL,
      tag: 'Payments',
      summary: 'Refund a payment of a reservation, whole or in part',
      description:
        'Of one that is or was confirmed. Seats and tickets stay as they are; `cancel` gives them back. Never more than is left of the payment.',
      access: ['operator'],
      params: reservationParams,
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again the first refund is shown. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ),
      },
      body: newRefund,
      responses: {
        201: {
          description: 'Ordered',
          schema: refund,
          headers: {
            Location: locationHeader('the list that it is in', '/v1/refunds'),
            'Idempotency-Replayed': replayedHeader,
          },
        },
      },
      problems: [
        'not_found',
        'reservation_not_confirmed',
        'refund_exceeds_payment',
        ...KEY_PROBLEMS,
      ],
      async onInvalid({ params, caller, ctx }) {
        await refuseKnownKey(db, requiredKey(ctx), { caller, call: CALL, resource: params.id });
      },
      async handle({ params, body, caller, ctx, rawBody }) {
        const call = { caller, call: CALL, resource: params.id };
        const request = keyedRequest(requiredKey(ctx), call, rawBody);
        await access.load(params.id, caller);
        const result = await db.transaction((tx) =>
          oncePerKey(
            tx,
            request,
            async () => {
              const { amount, payment: reference = null } = body;
              const payment = await findRefundablePayment(tx, params.id, { reference, amount });
              if (!payment) return { kind: 'no_payment' as const };
              return orderRefund(tx, {
                paymentId: payment.id,
                amount,
                reason: 'operator',
                reasonText: body.reason,
                actor: `operator:${caller.client}`,
              });
            },
            (made) => (made.kind === 'ordered' ? made.refund : null),
          ),
        );
        switch (result.kind) {
          case 'ordered':
          case 'replayed': {
            notify('commands');
            const id = result.kind === 'ordered' ? result.refund : result.answer;
            return {
              status: 201,
              body: await load(id, caller, ctx),
              headers: {
                location: '/v1/refunds',
                ...(result.kind === 'replayed' && { 'idempotency-replayed': 'true' }),
              },
            };
          }
          case 'reused':
            throw keyReused();
          case 'no_payment':
            if (body.payment !== undefined) {
              throw new Problem('validation_failed', 'The reservation has no such payment.', {
                errors: [{ path: 'payment', message: 'is no payment of this reservation' }],
              });
            }
            throw new Problem(
              'reservation_not_confirmed',
              'No payment has confirmed this reservation, so there is nothing to refund.',
            );
          case 'exceeds':
          case 'nothing': {
            const left = result.kind === 'exceeds' ? result.left : 0;
            throw new Problem(
              'refund_exceeds_payment',
              `No more than ${left} (minor units) is left of this payment.`,
              { members: { left } },
            );
          }
        }
      },
    }),
  ];
}
