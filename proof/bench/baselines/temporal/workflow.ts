import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { createLifecycleActivities } from './activities';
import { TEMPORAL_BASELINE } from './contract';

const HOLD_MS = 3_600_000;

const statusKey = defineSearchAttributeKey(
  TEMPORAL_BASELINE.statusAttribute,
  SearchAttributeType.KEYWORD,
);
const goSignal = defineSignal(TEMPORAL_BASELINE.signal);
const activities = (taskQueue: string, summary: string) =>
  proxyActivities<ReturnType<typeof createLifecycleActivities>>({
    taskQueue,
    startToCloseTimeout: '20 seconds',
    summary,
  });
const { begin } = activities(TEMPORAL_BASELINE.taskQueue, 'Adopt the hold, or take the seats');
const { finish } = activities(TEMPORAL_BASELINE.taskQueue, 'Handle what came: payments, cancels');
const { deliver } = activities(TEMPORAL_BASELINE.unpolledTaskQueue, 'Print the tickets');

/**
 * The smallest workflow with the history of a reservation that is held and paid: an activity, a timer that a signal
 * cancels, an activity, a search attribute, and an activity whose task queue has no worker.
 */
export async function lifecycle(): Promise<void> {
  const id = workflowInfo().workflowId;
  let signalled = false;
  setHandler(goSignal, () => void (signalled = true));
  await begin(id);
  await condition(() => signalled, HOLD_MS, { summary: 'hold ends 2030-01-01 00:00:00 UTC' });
  await finish(id);
  upsertSearchAttributes([{ key: statusKey, value: 'confirmed' }]);
  await deliver(id);
}
