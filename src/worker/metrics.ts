import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerBacklog } from '../backlog-metrics';
import type { Database } from '../db/database';

/** A worker's own metrics, in the Prometheus text format. */
export function createMetrics(db: Database): { text: () => Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerBacklog(registry, db);
  return { text: () => registry.metrics() };
}
