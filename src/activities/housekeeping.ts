import { activityInfo, heartbeat, log } from '@temporalio/activity';
import type { Database } from '../db/database';
import { countExpired } from '../outcome-metrics';
import type { OnFault } from '../db/sweep-faults';
import { restartActors, sweep, type HoldsPlace, type SweepResult } from '../db/sweep';

/** Below the limits of the activity. */
const SWEEP_BUDGET_MS = 15_000;

/**
 * Which reservations have an open workflow, according to Temporal's own list (up to a few seconds
 * old).
 */
export interface ActorDirectory {
  openOf(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

const onFault: OnFault = (what, error) => {
  log.warn(`sweep: ${what.step} failed: ${(error as Error).message}`, { ...what });
};

export const createHousekeepingActivities = ({
  db,
  actors,
  refundUnknown,
  documentDays,
}: {
  db: Database;
  actors: ActorDirectory;
  /** Whether payments for reservations that do not exist are refunded. */
  refundUnknown: boolean;
  /** How long printed tickets are kept. */
  documentDays: number;
}) => ({
  /** Runs the same sweep as the relays, for systems where no relay runs. */
  async sweepOverdue(): Promise<SweepResult> {
    const swept = await sweep(db, {
      budgetMs: SWEEP_BUDGET_MS,
      refundUnknown,
      documentDays,
      onFault,
      onBatch: () => {
        heartbeat();
      },
    });
    countExpired('sweep', swept.expired);
    return swept;
  },

  /**
   * Starts the workflow again for every open hold whose workflow Temporal has lost, for example
   * after a restore. A try that was cut off is continued where it had come to.
   */
  async restartLostActors(): Promise<number> {
    const reached = activityInfo().heartbeatDetails as HoldsPlace | undefined;
    return restartActors(db, (ids) => actors.openOf(ids), {
      from: reached ?? null,
      onPage: ({ at, id }) => {
        heartbeat({ at, id });
      },
      onFault,
    });
  },
});
