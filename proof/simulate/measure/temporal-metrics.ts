import { readFileSync } from 'node:fs';

/** Operations that a history shard does one at a time. */
const UNDER_LOCK = /^(CreateWorkflowExecution|UpdateWorkflowExecution|ConflictResolveWorkflowExecution)$/;

/** The development server's own page of figures; its port is the one that it was started with. */
export function metricsUrlOf(pid: number): string {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const port = args[args.indexOf('--metrics-port') + 1];
  return `http://127.0.0.1:${port}/metrics`;
}

interface ShardWrites {
  writes: number;
  ms: number;
}

/** How many writes of workflow state a server has made so far, and how long they took together. */
export async function readShardWrites(metricsUrl: string): Promise<ShardWrites> {
  const text = await (await fetch(metricsUrl)).text();
  let writes = 0;
  let seconds = 0;
  for (const [, what, labels, value] of text.matchAll(/^persistence_latency_(count|sum)\{(.*)\} (\S+)$/gm)) {
    const operation = /operation="([^"]*)"/.exec(labels!)?.[1] ?? '';
    if (!UNDER_LOCK.test(operation)) continue;
    if (what === 'count') writes += Number(value);
    else seconds += Number(value);
  }
  return { writes, ms: seconds * 1000 };
}
