import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database';
import { numberHistory } from '../db/feed';
import type { OutboxListener } from '../db/outbox-notifier';
import { faultPoint } from '../fault-points';

/** Rows of the history that get their numbers at once. */
const AT_ONCE = 1000;
/** So that a burst of holds is numbered in few transactions. */
const SPACING_MS = 50;
const IDLE_POLL_MS = 200;
/** How soon a look reaches back to what a transaction that stood still for long can have left. */
const LOOK_BACK_EVERY_MS = 5000;

/**
 * Writes the feed: gives numbers to what the history has new. Any number of writers may run; the
 * head row of the feed lets one at it at a time.
 * @param listener what has entries in the outbox has a history too
 * @returns writes what there is, at most so much at once, and waits for more
 */
export function createFeedWriter(
  db: Database,
  { anything }: Pick<OutboxListener, 'anything'>,
  stopped: AbortSignal,
): () => Promise<void> {
  let lookedBackAt = -Infinity;
  return async () => {
    const all = performance.now() - lookedBackAt >= LOOK_BACK_EVERY_MS;
    const numbered = await numberHistory(db, AT_ONCE, all);
    if (numbered) faultPoint('feed.numbered');
    if (all && numbered !== null) lookedBackAt = performance.now();
    if (numbered === AT_ONCE) return;
    await delay(SPACING_MS, undefined, { signal: stopped }).catch(() => undefined);
    await anything.wait(IDLE_POLL_MS - SPACING_MS);
  };
}
