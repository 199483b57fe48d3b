import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { findChange } from '../../../db/changes';
import type { Database } from '../../../db/database';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation } from '../../../db/reservations';
import { endHold, findOpenMessage } from '../../../db/test-helpers';
import { isUuid } from '../../../domain/uuid';
import { CONFIRMED_RESERVATION, HELD_RESERVATION } from '../../examples';
import { WITHOUT_GATE } from '../../gate';
import { retryAfterHeader } from '../../headers';
import type { Outcomes } from '../../outcomes';
import { Problem } from '../../problem';
import type { ReservationTokens } from '../../reservation-tokens';
import { defineRoute, type Route } from '../../route';
import { line, minorUnits } from '../../schemas';
import { createAccess, FOR_PAGES, LOOK_AGAIN_SECONDS } from '../reservations/access';
import { presentReservation } from '../reservations/presenter';
import { reservation, reservationLocation, reservationParams } from '../reservations/schema';
import type { Receivers } from '../webhooks';

/** How long a payment waits for the workflow before it is answered 202. */
const RESULT_WITHIN_MS = 5000;

const testPayment = z
  .strictObject({
    outcome: z.enum(['succeeds', 'fails']),
    amount: minorUnits.optional().meta({
      description: "Minor units; absent: the reservation's total, or what is due for the change",
    }),
    change: line(64)
      .optional()
      .meta({ description: 'The id of the change that it is for; absent: the reservation itself' }),
  })
  .meta({ id: 'TestPayment', examples: [{ outcome: 'succeeds' }] });

export interface TestHelperDeps {
  db: Database;
  notify: Notify;
  outcomes: Outcomes;
  tokens: ReservationTokens;
  receivers: Pick<Receivers, 'standard'>;
  /** The secrets that our Standard Webhooks are signed with; the first signs. */
  standardSecrets: readonly string[] | undefined;
}

/**
 * What a shop's own tests need of a payment provider and of time. There are none in production, nor
 * where Stripe takes the payments.
 */
export function testHelperRoutes({
  db,
  notify,
  outcomes,
  tokens,
  receivers,
  standardSecrets,
}: TestHelperDeps): Route[] {
  const access = createAccess(db, tokens);
  const reload = async (id: string) => presentReservation((await findReservation(db, id))!);

  /** What is to be paid for a change of a reservation, in minor units. @throws Problem `not_found` */
  async function dueOf(id: string, change: string): Promise<number> {
    const found = isUuid(change) ? await findChange(db, id, change) : null;
    if (!found) throw new Problem('not_found', `The reservation has no change ${change}.`);
    return found.due?.amount ?? 0;
  }

  /** Sends what the test provider tells, signed, the way that a real one takes. */
  async function tell(ctx: Context, type: string, data: Record<string, unknown>): Promise<void> {
    const [secret] = standardSecrets ?? [];
    if (secret === undefined)
      throw new Problem(
        'signature_invalid',
        'The test provider signs with STANDARD_WEBHOOK_SECRET, and it is not set: set it.',
      );
    const id = `msg_${randomUUID()}`;
    const now = new Date();
    const body = JSON.stringify({ type, timestamp: now.toISOString(), data });
    const { verify, receive } = receivers.standard;
    const event = verify(Buffer.from(body), {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    });
    await receive({ ctx, aside: WITHOUT_GATE.aside }, event, id);
  }

  return [
    defineRoute({
      method: 'post',
      path: '/v1/test-helpers/reservations/{id}/pay',
      operationId: 'payAsTestProvider',
      tag: 'Tests',
      summary: 'Let the test provider take a payment, or fail to',
      description:
        'Signed and received as a webhook of a provider is, so everything after it is as in production. Only outside production, with the test provider.',
      access: FOR_PAGES,
      kind: 'sale',
      params: reservationParams,
      body: testPayment,
      responses: {
        200: {
          description: 'Received and dealt with; the reservation as it stands',
          schema: reservation,
          example: CONFIRMED_RESERVATION,
        },
        202: {
          description: 'Received; the workflow has not come to it within 5 s',
          schema: reservation,
          example: HELD_RESERVATION,
          headers: { Location: reservationLocation, 'Retry-After': retryAfterHeader },
        },
      },
      problems: ['not_found', 'signature_invalid'],
      async handle({ params: { id }, body, caller, pause, ctx }) {
        const { total } = await access.load(id, caller);
        const { outcome, change } = body;
        const { amount = change === undefined ? total.amount : await dueOf(id, change) } = body;
        await tell(ctx, outcome === 'succeeds' ? 'payment.succeeded' : 'payment.failed', {
          reservation: id,
          ...(change !== undefined && { change }),
          reference: `test_${randomUUID()}`,
          amount,
          currency: total.currency,
        });
        const message = await findOpenMessage(db, id);
        const isDone =
          message === null ||
          (await pause(() => outcomes.wait(message, RESULT_WITHIN_MS))) !== null;
        if (isDone) return { status: 200, body: await reload(id) };
        const headers = {
          location: `/v1/reservations/${id}`,
          'retry-after': LOOK_AGAIN_SECONDS,
        };
        return { status: 202, body: await reload(id), headers };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/test-helpers/reservations/{id}/expire',
      operationId: 'expireReservation',
      tag: 'Tests',
      summary: 'Let a hold end now',
      description: 'Only outside production, with the test provider.',
      access: FOR_PAGES,
      kind: 'sale',
      params: reservationParams,
      responses: {
        200: {
          description: 'Ended',
          schema: reservation,
          example: { ...HELD_RESERVATION, status: 'expired' },
        },
      },
      problems: ['not_found', 'reservation_confirmed', 'reservation_cancelled'],
      async handle({ params: { id }, caller }) {
        await access.load(id, caller);
        const result = await endHold(db, id);
        if (result === 'cancelled')
          throw new Problem('reservation_cancelled', 'The reservation is cancelled.');
        if (result === 'confirmed' || result === 'paid')
          throw new Problem('reservation_confirmed', 'It is paid for: its hold does not end.');
        if (result === 'ended') notify('commands');
        return { status: 200, body: await reload(id) };
      },
    }),
  ];
}
