import { setTimeout as delay } from 'node:timers/promises';
import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import { HOUSEKEEPING_SCHEDULE_ID, TASK_QUEUES, WORKFLOWS } from '../contracts/reservation';
import type { Logger } from '../logger';

const EVERY = '1 minute';
const RETRY_MS = 5000;

const WHAT: Omit<ScheduleOptions, 'scheduleId' | 'state' | 'memo'> = {
  spec: { intervals: [{ every: EVERY }] },
  action: {
    type: 'startWorkflow',
    workflowType: WORKFLOWS.housekeeping,
    workflowId: HOUSEKEEPING_SCHEDULE_ID,
    taskQueue: TASK_QUEUES.reservations,
    args: [],
    workflowExecutionTimeout: '10 minutes',
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: EVERY },
};

/** @returns whether it was created; false: it exists, as it is */
async function createSchedule({ schedule }: Pick<Client, 'schedule'>): Promise<boolean> {
  try {
    await schedule.create({ scheduleId: HOUSEKEEPING_SCHEDULE_ID, ...WHAT });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/**
 * Creates the schedule that runs housekeeping, or brings one that exists to what this release
 * wants. Whether it is paused, and the note of who paused it, stay.
 * @throws what Temporal answers
 */
export async function updateHousekeepingSchedule(client: Pick<Client, 'schedule'>): Promise<void> {
  if (await createSchedule(client)) return;
  await client.schedule
    .getHandle(HOUSEKEEPING_SCHEDULE_ID)
    .update(({ state }) => ({ ...WHAT, state }));
}

/**
 * Creates the schedule unless it exists: a worker of the release before may start beside ours, so
 * only `migrate` changes it. Retries until Temporal accepts it.
 */
export function scheduleHousekeeping(client: Client, log: Logger): { stop(): void } {
  const stopping = new AbortController();
  const ensure = async () => {
    while (!stopping.signal.aborted) {
      try {
        await createSchedule(client);
        return;
      } catch (error) {
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
