import type { Client } from '@temporalio/client';
import type { Lifecycles } from './lifecycles';
import { median } from './judge';

/** How many events a workflow's history has, and when its activities were completed. */
export interface HistorySummary {
  events: number;
  /** Milliseconds since 1970, by the machine's clock, in their order. */
  completedAtMs: number[];
}

export async function readHistory({ workflow }: Client, id: string): Promise<HistorySummary> {
  const { events } = await workflow.getHandle(id).fetchHistory();
  const completed = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes);
  return {
    events: events?.length ?? 0,
    completedAtMs: completed.map(
      ({ eventTime }) => 1000 * Number(eventTime?.seconds) + (eventTime?.nanos ?? 0) / 1e6,
    ),
  };
}

const SAMPLE = 20;
/**
 * A payment that comes before the actor waits saves the timer and its cancellation. A larger difference means that the
 * lifecycle has changed: then the baseline must follow it.
 */
const MAY_DIFFER = 2;

/** The median number of events of a sample of lifecycles, taken evenly from all of them. */
export async function countEvents(client: Client, { all }: Lifecycles): Promise<number> {
  const step = Math.max(1, Math.floor(all.length / SAMPLE));
  const sample = all.filter((_, index) => index % step === 0);
  const counts = [];
  for (const { id } of sample) counts.push((await readHistory(client, id)).events);
  return median(counts);
}

/** @throws Error when the histories of ours and of the baseline differ in length */
export function expectSameShape(ours: number, baseline: number): void {
  if (Math.abs(ours - baseline) > MAY_DIFFER) {
    throw new Error(
      `a reservation's history has ${ours} events, the baseline's ${baseline}: they differ too much`,
    );
  }
}
