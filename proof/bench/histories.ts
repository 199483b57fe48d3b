import type { Client } from '@temporalio/client';
import type { Walker } from './lives';
import { median } from './judge';

/** What a history tells about a life: how many events it has, and when its activities were completed. */
export interface Told {
  events: number;
  /** Milliseconds since 1970, by the machine's clock, in their order. */
  completedAtMs: number[];
}

export async function readHistory({ workflow }: Client, id: string): Promise<Told> {
  const { events } = await workflow.getHandle(id).fetchHistory();
  const completed = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes);
  return {
    events: events?.length ?? 0,
    completedAtMs: completed.map(({ eventTime }) => 1000 * Number(eventTime?.seconds) + (eventTime?.nanos ?? 0) / 1e6),
  };
}

const SAMPLE = 20;
/**
 * A payment that comes before the actor waits saves it the timer and its cancellation; more would be another life, and
 * limit (d) has to follow it.
 */
const MAY_DIFFER = 2;

/** How many events a life has, in the middle of a sample from all over a walk. */
export async function countEvents(client: Client, { walks }: Walker): Promise<number> {
  const step = Math.max(1, Math.floor(walks.length / SAMPLE));
  const sample = walks.filter((_, index) => index % step === 0);
  const counts = [];
  for (const { id } of sample) counts.push((await readHistory(client, id)).events);
  return median(counts);
}

/** @throws Error when limit (d) is no longer a life of our shape */
export function expectSameShape(ours: number, limit: number): void {
  if (Math.abs(ours - limit) > MAY_DIFFER) {
    throw new Error(`a reservation's history has ${ours} events, the limit's ${limit}: they are not alike any more`);
  }
}
