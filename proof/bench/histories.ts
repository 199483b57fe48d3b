import type { Client } from '@temporalio/client';
import type { Lifecycles } from './lifecycles';
import { median } from './judge';

/** The SDK's name for the result of a local activity. */
export const LOCAL_ACTIVITY = 'core_local_activity';

/** How many events a workflow's history has, and when its activities were completed, local ones among them. */
export interface HistorySummary {
  events: number;
  /** Milliseconds since 1970, by the machine's clock, in their order. */
  completedAtMs: number[];
}

export async function readHistory({ workflow }: Client, id: string): Promise<HistorySummary> {
  const { events } = await workflow.getHandle(id).fetchHistory();
  const completed = (events ?? []).filter(
    (event) =>
      event.activityTaskCompletedEventAttributes ||
      event.markerRecordedEventAttributes?.markerName === LOCAL_ACTIVITY,
  );
  return {
    events: events?.length ?? 0,
    completedAtMs: completed.map(
      ({ eventTime }) => 1000 * Number(eventTime?.seconds) + (eventTime?.nanos ?? 0) / 1e6,
    ),
  };
}

const SAMPLE = 20;

/** The median number of events of a sample of lifecycles, taken evenly from all of them. */
export async function countEvents(client: Client, { all }: Lifecycles): Promise<number> {
  const step = Math.max(1, Math.floor(all.length / SAMPLE));
  const sample = all.filter((_, index) => index % step === 0);
  const counts = [];
  for (const { id } of sample) counts.push((await readHistory(client, id)).events);
  return median(counts);
}
