import { LOCAL_ACTIVITY } from '../../bench/histories';
import type { Measured } from '../costs';
import type { MeasuredSystem } from './system';

/**
 * Events of a history that Temporal Cloud bills as an action each; a retry of an activity would be one more. Beside
 * them, the local activities of one workflow task are one action.
 */
const BILLED = [
  'workflowExecutionStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
] as const;

/** How long a reservation's history is, how big, and how many of its events are billable actions; on average. */
export async function measureHistory(
  { temporal }: MeasuredSystem,
  ids: readonly string[],
): Promise<Measured> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const handle = temporal.workflow.getHandle(id);
      const [{ historySize, historyLength }, history] = await Promise.all([
        handle.describe(),
        handle.fetchHistory(),
      ]);
      const events = history.events ?? [];
      const tasksWithLocal = new Set(
        events.flatMap(({ markerRecordedEventAttributes: it }) =>
          it?.markerName === LOCAL_ACTIVITY ? String(it.workflowTaskCompletedEventId) : [],
        ),
      );
      const billed = events.filter((event) => BILLED.some((kind) => event[kind]));
      const actions = billed.length + tasksWithLocal.size;
      return { bytes: historySize ?? 0, events: historyLength, actions };
    }),
  );
  const mean = (name: 'bytes' | 'events' | 'actions') =>
    found.reduce((sum, one) => sum + one[name], 0) / found.length;
  return {
    'history.bytes': mean('bytes'),
    'history.events': mean('events'),
    'history.actions': mean('actions'),
  };
}
