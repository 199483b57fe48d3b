import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../db/database';
import { readBacklog } from '../db/outbox';

/** A worker's own figures, in Prometheus' text format. */
export function createMetrics(db: Database): { text: () => Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const entries = new Gauge({
    name: 'holdfast_outbox_entries',
    help: 'What Temporal has yet to be told: actors to start or ring',
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'holdfast_outbox_oldest_seconds',
    help: 'How long the oldest of them has waited',
    registers: [registry],
  });
  return {
    async text() {
      const backlog = await readBacklog(db);
      entries.set(backlog.entries);
      oldest.set(backlog.oldestSeconds);
      return registry.metrics();
    },
  };
}
