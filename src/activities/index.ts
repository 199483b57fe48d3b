import { createHousekeepingActivities } from './housekeeping';
import { createSignalActivities } from './keep-signalled';
import { createRefundActivities } from './carry-out-refund';
import { createDocumentActivities } from './render-tickets';
import { createMailActivities } from './send-mail';
import { createWebhookActivities } from './deliver-webhooks';
import { createReservationActivities } from './settle-reservation';

type Deps<Create extends (deps: never) => unknown> = Parameters<Create>[0];

/**
 * Activities of the `reservations` task queue: short database transactions. And refunds, which the release before has
 * carried out here.
 */
export const createReservationQueue = (
  deps: Deps<typeof createReservationActivities> &
    Deps<typeof createSignalActivities> &
    Deps<typeof createRefundActivities> &
    Deps<typeof createHousekeepingActivities>,
) => ({
  ...createReservationActivities(deps),
  ...createSignalActivities(deps),
  ...createRefundActivities(deps),
  ...createHousekeepingActivities(deps),
});

/** Activities of the `refunds` task queue: they wait for payment providers. */
export const createRefundQueue = createRefundActivities;

/** Activities of the `documents` task queue: they need a browser. */
export const createDocumentQueue = createDocumentActivities;

/** Activities of the `mail` task queue: they need a mail server. */
export const createMailQueue = createMailActivities;

/** Activities of the `webhooks` task queue: they wait for receivers. */
export const createWebhookQueue = createWebhookActivities;

export type ReservationActivities = ReturnType<typeof createReservationQueue>;
export type RefundActivities = ReturnType<typeof createRefundQueue>;
export type DocumentActivities = ReturnType<typeof createDocumentQueue>;
export type WebhookActivities = ReturnType<typeof createWebhookQueue>;
export type MailActivities = ReturnType<typeof createMailQueue>;
