import { restartLostActors, sweepOverdue } from './activities';

/** Runs on a schedule: finds what should have moved by now, whatever was terminated, lost or restored meanwhile. */
export async function housekeeping(): Promise<{
  swept: Awaited<ReturnType<typeof sweepOverdue>>;
  restarted: number;
}> {
  const swept = await sweepOverdue();
  return { swept, restarted: await restartLostActors() };
}
