import type { WorkerOptions } from '@temporalio/worker';

/**
 * Settings of a worker on the reservations' task queue. The benchmark uses the same settings for
 * its own worker.
 */
export function reservationsTuning(settings: {
  DATABASE_POOL: number;
  WORKER_CACHED_WORKFLOWS: number;
}): Omit<WorkerOptions, 'taskQueue'> {
  return {
    maxCachedWorkflows: settings.WORKER_CACHED_WORKFLOWS,
    // Each activity holds a database connection while it runs. More activities than connections
    // would only wait for one.
    maxConcurrentActivityTaskExecutions: Math.max(1, settings.DATABASE_POOL - 2),
    maxConcurrentWorkflowTaskExecutions: 40,
  };
}
