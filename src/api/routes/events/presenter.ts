import type { EventRecord } from '../../../db/events';

/** An event with the times that hold for it: where it sets none, the TTL of this process and three times that as cap. */
export function presentEvent(event: EventRecord, defaultTtlSeconds: number) {
  const holdTtlSeconds = event.holdTtlSeconds ?? defaultTtlSeconds;
  return {
    ...event,
    holdTtlSeconds,
    holdCapSeconds: Math.max(holdTtlSeconds, event.holdCapSeconds ?? 3 * holdTtlSeconds),
  };
}
