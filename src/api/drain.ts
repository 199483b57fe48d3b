import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** A request is answered within ten seconds, and its answer has some time to go out. */
const ANSWERS_WITHIN_MS = 11_000;
const LOOK_EVERY_MS = 50;

interface DrainOptions {
  /** How long it is served on, while load balancers find out by /readyz. */
  graceMs: number;
  /** Ends the answers that have no end of their own. */
  endStreams: () => void;
}

/**
 * Ends a server without losing a request: it serves on for the grace period, told apart by the caller (/readyz is 503
 * and each answer closes its connection), then takes no more connections, closes idle ones and waits for what runs.
 */
export async function drain(server: Server, { graceMs, endStreams }: DrainOptions): Promise<void> {
  await delay(graceMs);
  const closed = new Promise((resolve) => server.close(resolve));
  endStreams();
  // A connection becomes idle whenever its request is answered.
  const closing = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS);
  await Promise.race([closed, delay(ANSWERS_WITHIN_MS)]);
  clearInterval(closing);
  server.closeAllConnections();
}
