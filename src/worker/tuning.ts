import { setFlagsFromString } from 'node:v8';
import type { WorkerOptions } from '@temporalio/worker';

type PollerBehavior = NonNullable<WorkerOptions['activityTaskPollerBehavior']>;

/** As many as the SDK has without this, where a queue has slots for them. */
const POLLERS = 10;
const LEAST_POLLERS = 5;

/**
 * Polls for tasks: more while the server says that tasks wait, fewer while many come back empty. A server that does
 * not say so gets the number of the start for good.
 * @param slots how many tasks the worker runs at once: more polls than that would bring nothing
 */
const pollersFor = (slots: number): PollerBehavior => ({
  type: 'autoscaling',
  minimum: Math.min(LEAST_POLLERS, slots),
  initial: Math.min(POLLERS, slots),
  maximum: slots,
});

/** How many activities a worker runs at once, and how it polls for them. */
export const activitySlots = (
  slots: number,
): Pick<WorkerOptions, 'maxConcurrentActivityTaskExecutions' | 'activityTaskPollerBehavior'> => ({
  maxConcurrentActivityTaskExecutions: slots,
  activityTaskPollerBehavior: pollersFor(slots),
});

/** The same of workflow tasks. */
export const workflowSlots = (
  slots: number,
): Pick<WorkerOptions, 'maxConcurrentWorkflowTaskExecutions' | 'workflowTaskPollerBehavior'> => ({
  maxConcurrentWorkflowTaskExecutions: slots,
  workflowTaskPollerBehavior: pollersFor(slots),
});

/** Frames of a stack in a workflow. The line of ours that waits is among them; V8 keeps 10 without this. */
const STACK_FRAMES = 4;

/**
 * Makes the threads of workflows keep short stacks. The SDK takes one for each promise, for the call
 * stack that the Temporal UI shows, and looks up each frame in the source map (ADR 0043). To be
 * called before a worker is created; this thread keeps its own limit.
 */
export function keepStacksShort(): void {
  setFlagsFromString(`--stack-trace-limit=${STACK_FRAMES}`);
}

/**
 * Settings of a worker on the reservations' task queue. The benchmark uses the same settings for
 * its own worker.
 */
export function reservationsTuning(settings: {
  DATABASE_POOL: number;
  WORKER_CACHED_WORKFLOWS: number;
}): Omit<WorkerOptions, 'taskQueue'> {
  const transactions = Math.max(1, settings.DATABASE_POOL - 2);
  return {
    maxCachedWorkflows: settings.WORKER_CACHED_WORKFLOWS,
    // Each activity holds a database connection while it runs. More activities than connections
    // would only wait for one. Those inside workflow tasks come first: the others are their retries.
    ...activitySlots(transactions),
    maxConcurrentLocalActivityExecutions: transactions,
    // Half of the tasks may wait while the others have a transaction. With more, a task would wait longer than its
    // short try, or its own timeout, and be done twice.
    ...workflowSlots(2 * transactions),
  };
}
