import type { Database } from '../db/database';
import { restartActors, sweep, type SweepResult } from '../db/sweep';

/** Which reservations have an open workflow, by Temporal's own list (up to a few seconds old). */
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
  /** What the relays' own sweep does, also where no relay runs. */
  async sweepOverdue(): Promise<SweepResult> {
    return sweep(db);
  },

  /** Gives every open hold an actor again that Temporal has lost (a restore, a server that forgot its last second). */
  async restartLostActors(): Promise<number> {
    return restartActors(db, await actors.openReservations());
  },
});
