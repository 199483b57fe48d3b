import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../../../product';
import type { createLifeActivities } from './activities';
import { DURABLE } from './contract';

const HOLD_MS = 3_600_000;

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const goSignal = defineSignal(DURABLE.signal);
const activities = (taskQueue: string, summary: string) =>
  proxyActivities<ReturnType<typeof createLifeActivities>>({ taskQueue, startToCloseTimeout: '20 seconds', summary });
const { begin } = activities(DURABLE.taskQueue, 'Adopt the hold, or take the seats');
const { finish } = activities(DURABLE.taskQueue, 'Handle what came: payments, cancels');
const { deliver } = activities(DURABLE.idleTaskQueue, 'Print the tickets');

/**
 * The smallest life with the history of a reservation that is held and paid: an activity, a timer that a signal cuts
 * short, an activity, a search attribute, and an activity that nobody comes to.
 */
export async function life(): Promise<void> {
  const id = workflowInfo().workflowId;
  let told = false;
  setHandler(goSignal, () => void (told = true));
  await begin(id);
  await condition(() => told, HOLD_MS, { summary: 'hold ends 2030-01-01 00:00:00 UTC' });
  await finish(id);
  upsertSearchAttributes([{ key: statusKey, value: 'confirmed' }]);
  await deliver(id);
}
