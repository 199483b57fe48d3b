import type { PaymentProvider, TicketPrinter } from './ports';
import type { Database } from '../db/database';
import type { TicketSigner } from '../db/settlement';
import type { Mailer } from '../mail/mailer';
import type { Logger } from '../logger';
import { createHousekeepingActivities, type ActorDirectory } from './housekeeping';
import { createMailActivities } from './send-mail';
import { createRefundActivities } from './refund-payment';
import { createReservationActivities } from './settle-reservation';
import { createDocumentActivities } from './render-tickets';

export interface ReservationDeps {
  db: Database;
  sign: TicketSigner;
  provider: PaymentProvider;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Payments are also written into the test provider's books. */
  testProvider: boolean;
  actors: ActorDirectory;
  log: Logger;
}

/** Activities of the `reservations` task queue: one database transaction or one provider call each. */
export const createReservationQueue = (deps: ReservationDeps) => ({
  ...createReservationActivities(deps),
  ...createRefundActivities(deps),
  ...createHousekeepingActivities(deps),
});

/** Activities of the `documents` task queue: they need a browser. */
export const createDocumentQueue = (deps: { db: Database; print: TicketPrinter }) => createDocumentActivities(deps);

/** Activities of the `mail` task queue: they need a mail server. */
export const createMailQueue = (deps: { db: Database; mailer: Mailer }) => createMailActivities(deps);

export type ReservationActivities = ReturnType<typeof createReservationQueue>;
export type DocumentActivities = ReturnType<typeof createDocumentQueue>;
export type MailActivities = ReturnType<typeof createMailQueue>;
