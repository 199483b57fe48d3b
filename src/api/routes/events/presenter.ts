import type { EventRecord } from '../../../db/events';

/**
 * An event with its effective times. Where the event sets none, the TTL is this process's default
 * and the cap is three times the TTL.
 */
export function presentEvent(event: EventRecord, defaultTtlSeconds: number) {
  const holdTtlSeconds = event.holdTtlSeconds ?? defaultTtlSeconds;
  return {
    ...event,
    holdTtlSeconds,
    holdCapSeconds: Math.max(holdTtlSeconds, event.holdCapSeconds ?? 3 * holdTtlSeconds),
  };
}
