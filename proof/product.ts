/**
 * All that the proof takes from the product's inside; everything else goes by HTTP, settings and programs. The database
 * is one door; the rest is what a baseline of the benchmark has to share with the product so that the two are comparable.
 */
export { createDatabase, sql, type Database, type Statement } from '../src/db/database';

// Settings and places.
export { readDevInfo, type DevInfo } from '../src/cli/dev-info';
export { answerHelp, helpText } from '../src/cli/help';
export { findSystem } from '../src/cli/system';
export { readSettings, SettingsError } from '../src/config';
export { HOUSEKEEPING_SCHEDULE_ID, SEARCH_ATTRIBUTES, WORKFLOWS } from '../src/contracts/reservation';
export type { FaultPoint } from '../src/fault-points';
export { lowerPriority } from '../src/process-priority';
export { connectNative, temporalConfig } from '../src/temporal/connection';

// What baselines share with the product.
export { createEvent } from '../src/db/events';
export { takeSeats, type HoldRequest } from '../src/db/holds';
export { migrate } from '../src/db/migrate';
export { recordPayment } from '../src/db/payments';
export { createBrowserPool } from '../src/documents/browser';
export { launchBrowser } from '../src/documents/chromium';
export { renderTickets } from '../src/documents/render-tickets';
export { ticketDocument } from '../src/documents/ticket-page';
export type { TicketSheet } from '../src/documents/ticket-sheet';
export { signTicketCode, ticketKeyFromSeed } from '../src/domain/ticket-code';
export { createRateGauge, paceCommands, paceStarts } from '../src/relay/pace';
export { keepHeapsTight, WORKER_ALLOCATOR } from '../src/worker/memory';
export { reservationsTuning } from '../src/worker/tuning';

// How figures are printed.
export { formatCell, isNumeric, renderConsoleTable, type Table } from '../src/cli/console-table';
