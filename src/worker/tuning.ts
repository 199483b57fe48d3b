import type { WorkerOptions } from '@temporalio/worker';

/** How a worker of the reservations' task queue is set. The benchmark sets the worker of its limit in the same way. */
export function reservationsTuning(settings: {
  DATABASE_POOL: number;
  WORKER_CACHED_WORKFLOWS: number;
}): Omit<WorkerOptions, 'taskQueue'> {
  return {
    maxCachedWorkflows: settings.WORKER_CACHED_WORKFLOWS,
    // Each activity here holds a connection for its time, so more than the pool has would only wait inside.
    maxConcurrentActivityTaskExecutions: Math.max(1, settings.DATABASE_POOL - 2),
    maxConcurrentWorkflowTaskExecutions: 40,
  };
}
