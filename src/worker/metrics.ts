import { createServer, type AddressInfo } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerBacklog } from '../backlog-metrics';
import type { Database } from '../db/database';
import { registerOutcomes } from '../outcome-metrics';

/** Temporal's core answers from memory. */
const TEMPORAL_WITHIN_MS = 2000;

type TemporalMetrics = NonNullable<NonNullable<RuntimeOptions['telemetryOptions']>['metrics']>;

/**
 * Where Temporal's SDK serves its own metrics: on this machine alone, on a free port. `text` passes them on.
 * @returns the setting for the SDK's runtime, and what it then serves
 */
export async function temporalMetrics(): Promise<{
  options: TemporalMetrics;
  text: () => Promise<string>;
}> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  return {
    options: {
      prometheus: {
        bindAddress,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
    async text() {
      const signal = AbortSignal.timeout(TEMPORAL_WITHIN_MS);
      const answer = await fetch(`http://${bindAddress}/metrics`, { signal });
      return answer.ok ? answer.text() : '';
    },
  };
}

/** A port that was free a moment ago: Temporal's core does not say which one it has taken. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * A worker's own metrics, in the Prometheus text format.
 * @param temporal those of Temporal's SDK in this process; without them the others are served
 */
export function createMetrics(
  db: Database,
  temporal: () => Promise<string> = () => Promise.resolve(''),
): { text: () => Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerBacklog(registry, db);
  registerOutcomes(registry);
  return {
    async text() {
      const own = await registry.metrics();
      return `${own}\n${await temporal().catch(() => '')}`;
    },
  };
}
