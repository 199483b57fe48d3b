import { restartLostActors, sweepOverdue } from './activities';

/**
 * Runs on a schedule. Finds work that is overdue because a workflow was terminated or lost, or a
 * database was restored.
 */
export async function housekeeping(): Promise<{
  swept: Awaited<ReturnType<typeof sweepOverdue>>;
  restarted: number;
}> {
  const swept = await sweepOverdue();
  return { swept, restarted: await restartLostActors() };
}
