/**
 * What the benchmark takes from the product besides ../product.ts. A baseline runs the shipped statements, pages and
 * worker settings, so that its ratio to ours shows what the product adds, and nothing else.
 */

// Fixtures: events and schemas without HTTP.
export { createEvent, NO_RULES } from '../../src/db/events';
export { migrate } from '../../src/db/migrate';

// The feed without the rest of a relay.
export { listenForEntries } from '../../src/db/outbox-notifier';
export { createFeedWriter } from '../../src/relay/feed-writer';

// Names in Temporal, and the priority of background processes.
export {
  HOUSEKEEPING_SCHEDULE_ID,
  indexedTypesOf,
  SEARCH_ATTRIBUTES,
  WORKFLOWS,
} from '../../src/contracts/reservation';
export { lowerPriority } from '../../src/process-priority';

// The baselines `sql` and `koa`.
export { NOTHING_MORE, takeSeats, type HoldRequest } from '../../src/db/holds';
export { recordPayment } from '../../src/db/payments';

// The baseline `temporal`.
export { connectNative, temporalConfig } from '../../src/temporal/connection';
export { keepHeapsTight, WORKER_ALLOCATOR } from '../../src/worker/memory';
export { reservationsTuning } from '../../src/worker/tuning';

// The baseline `pdf`.
export { createBrowserPool } from '../../src/documents/browser';
export { launchBrowser } from '../../src/documents/chromium';
export { CHROMIUM_NAMES } from '../../src/documents/chromium-names';
export { printableSheet } from '../../src/documents/printable-sheet';
export { renderTickets } from '../../src/documents/render-tickets';
export { ticketDocument } from '../../src/documents/ticket-page';
export type { TicketSheet } from '../../src/documents/ticket-sheet';
export { signTicketCode, ticketKeyFromSeed } from '../../src/domain/ticket-code';
