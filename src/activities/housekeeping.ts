import type { Database } from '../db/database';
import { restartActors, sweep, type SweepResult } from '../db/sweep';

/**
 * Which reservations have an open workflow, according to Temporal's own list (up to a few seconds
 * old).
 */
export interface ActorDirectory {
  openReservations(): Promise<string[]>;
}

export const createHousekeepingActivities = ({
  db,
  actors,
}: {
  db: Database;
  actors: ActorDirectory;
}) => ({
  /** Runs the same sweep as the relays, for systems where no relay runs. */
  async sweepOverdue(): Promise<SweepResult> {
    return sweep(db);
  },

  /**
   * Starts the workflow again for every open hold whose workflow Temporal has lost, for example
   * after a restore.
   */
  async restartLostActors(): Promise<number> {
    return restartActors(db, await actors.openReservations());
  },
});
