import { activityInfo, heartbeat, log } from '@temporalio/activity';
import type { Database } from '../db/database';
import { countSwept } from '../outcome-metrics';
import type { OnFault } from '../db/sweep-faults';
import {
  resetStuckActors,
  restartActors,
  sweep,
  type HoldsPlace,
  type SweepResult,
} from '../db/sweep';

/** Below the limits of the activity. */
const SWEEP_BUDGET_MS = 15_000;

/** What Temporal knows of the workflows of reservations. */
export interface ActorDirectory {
  /** Which reservations have an open workflow, according to Temporal's own list (up to a few seconds old). */
  openOf(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Resets the workflow of a reservation to its start, if its tasks have failed for so long and none was completed
   * since. @returns whether it did
   */
  beginAnew(reservationId: string, failingForS: number): Promise<boolean>;
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
    countSwept(swept);
    return swept;
  },

  /**
   * Starts the workflow again for every open hold whose workflow Temporal has lost, for example
   * after a restore; a try that was cut off is continued where it had come to. Resets the workflow of
   * every reservation whose work waits because the tasks of its workflow fail.
   */
  async restartLostActors(): Promise<number> {
    const reached = activityInfo().heartbeatDetails as HoldsPlace | undefined;
    const reset = await resetStuckActors(
      db,
      async (id, failingForS) => {
        const isReset = await actors.beginAnew(id, failingForS);
        if (isReset)
          log.warn('the tasks of a workflow failed; it begins anew', { reservation: id });
        heartbeat(reached);
        return isReset;
      },
      onFault,
    );
    const restarted = await restartActors(db, (ids) => actors.openOf(ids), {
      from: reached ?? null,
      onPage: ({ at, id }) => {
        heartbeat({ at, id });
      },
      onFault,
    });
    return reset + restarted;
  },
});
