/** Operations of which a history shard does one at a time. */
const UNDER_LOCK =
  /^(CreateWorkflowExecution|UpdateWorkflowExecution|ConflictResolveWorkflowExecution)$/;

/** @returns how many writes of workflow state a server has made since its start, and how long they took together, in ms */
export async function readShardWrites(metricsUrl: string): Promise<{ writes: number; ms: number }> {
  const text = await (await fetch(metricsUrl)).text();
  let writes = 0;
  let seconds = 0;
  for (const [, what, labels, value] of text.matchAll(
    /^persistence_latency_(count|sum)\{(.*)\} (\S+)$/gm,
  )) {
    const operation = /operation="([^"]*)"/.exec(labels!)?.[1] ?? '';
    if (!UNDER_LOCK.test(operation)) continue;
    if (what === 'count') writes += Number(value);
    else seconds += Number(value);
  }
  return { writes, ms: seconds * 1000 };
}
