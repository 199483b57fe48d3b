/** The product's functions whose statements are measured on the big database. */
export { listEvents } from '../../src/db/events';
export {
  findPlace,
  numberHistory,
  readFeed,
  readFeedEnds,
  readFeedNews,
  truncateFeed,
  type FeedPlace,
} from '../../src/db/feed';
export { listUndeliveredMails, readMailBacklog } from '../../src/db/mails';
export { migrate } from '../../src/db/migrate';
export { countOpenNotes, listNotes } from '../../src/db/notes';
export {
  deliverDue,
  listOutbox,
  lookIntoOutbox,
  OUTBOX_LANES,
  readBacklog,
} from '../../src/db/outbox';
export { OUTBOX_QUEUES } from '../../src/db/outbox-kinds';
export { listPayments } from '../../src/db/payments';
export { listRefunds, readRefundBacklog } from '../../src/db/refunds';
export { listReservations, type ReservationFilter } from '../../src/db/reservations';
export { restartActors, sweep } from '../../src/db/sweep';
export { countSweepFaults } from '../../src/db/sweep-faults';
export type { HistoryType } from '../../src/domain/history-types';
export { PLAIN, priceOrder, type Discount, type Pricing } from '../../src/domain/pricing';
export { verifySystem, type Judged } from '../../src/cli/verify-system';
export { forgetDocuments } from '../../src/db/tickets';
