import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database';
import { findHandled } from '../db/payments';

const LOOK_EVERY_MS = 20;
const LOOK_EVERY_MS_LATER = 100;
const SOON_MS = 1000;

export interface Outcomes {
  /** The outcome of an inbox row, or null when the actor has not handled it within `timeoutMs`. */
  wait(inboxId: number, timeoutMs: number): Promise<string | null>;
}

/**
 * Waits for outcomes of inbox rows. One query serves all waiting requests of this process, so many
 * confirms at once cost the database no more than one.
 */
export function createOutcomes(db: Database): Outcomes {
  const waiting = new Map<number, { since: number; answers: Set<(outcome: string) => void> }>();
  let looking = false;

  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      const freshest = Math.max(...[...waiting.values()].map((entry) => entry.since));
      await delay(performance.now() - freshest < SOON_MS ? LOOK_EVERY_MS : LOOK_EVERY_MS_LATER);
      // The database may be unavailable; the waiting requests end by their own time limit.
      const handled = await findHandled(db, [...waiting.keys()]).catch(
        () => new Map<number, string>(),
      );
      for (const [id, outcome] of handled)
        for (const answer of waiting.get(id)?.answers ?? []) answer(outcome);
    }
    looking = false;
  }

  return {
    async wait(inboxId, timeoutMs) {
      // Of one message several requests may wait, each for its own time.
      const entry = waiting.get(inboxId) ?? { since: 0, answers: new Set() };
      waiting.set(inboxId, entry);
      entry.since = performance.now();
      let timer: NodeJS.Timeout | undefined;
      let answer: ((outcome: string) => void) | undefined;
      try {
        return await new Promise<string | null>((resolve) => {
          timer = setTimeout(() => resolve(null), timeoutMs);
          answer = resolve;
          entry.answers.add(answer);
          if (!looking) void look();
        });
      } finally {
        clearTimeout(timer);
        if (answer) entry.answers.delete(answer);
        if (entry.answers.size === 0) waiting.delete(inboxId);
      }
    },
  };
}
