import { setTimeout as delay } from 'node:timers/promises';
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { HOUSEKEEPING_SCHEDULE_ID, TASK_QUEUES, WORKFLOWS } from '../contracts/reservation';
import type { Logger } from '../logger';

const EVERY = '1 minute';
const RETRY_MS = 5000;

/**
 * Creates the schedule that runs housekeeping, unless it exists. Retries until Temporal accepts it.
 */
export function scheduleHousekeeping(client: Client, log: Logger): { stop(): void } {
  const stopping = new AbortController();
  const ensure = async () => {
    while (!stopping.signal.aborted) {
      try {
        await client.schedule.create({
          scheduleId: HOUSEKEEPING_SCHEDULE_ID,
          spec: { intervals: [{ every: EVERY }] },
          action: {
            type: 'startWorkflow',
            workflowType: WORKFLOWS.housekeeping,
            workflowId: HOUSEKEEPING_SCHEDULE_ID,
            taskQueue: TASK_QUEUES.reservations,
            workflowExecutionTimeout: '10 minutes',
          },
          policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: EVERY },
        });
        return;
      } catch (error) {
        if (error instanceof ScheduleAlreadyRunning) return;
        log.warn(
          `The housekeeping schedule could not be created, trying again: ${(error as Error).message}`,
        );
        await delay(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  void ensure();
  return { stop: () => stopping.abort() };
}
