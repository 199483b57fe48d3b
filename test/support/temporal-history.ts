import type { Client } from '@temporalio/client';

/** All text in a value: strings as they are, bytes read as UTF-8. */
function textsOf(value: unknown, into: string[]): string[] {
  if (typeof value === 'string') into.push(value);
  else if (value instanceof Uint8Array) into.push(Buffer.from(value).toString('utf8'));
  else if (Array.isArray(value)) for (const item of value) textsOf(item, into);
  else if (value !== null && typeof value === 'object')
    for (const item of Object.values(value)) textsOf(item, into);
  return into;
}

/**
 * Everything that Temporal keeps in clear about a workflow: each event of its history with all payloads decoded to
 * text, its summary, its search attributes.
 */
export async function everythingKeptOf(client: Client, workflowId: string): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await handle.describe();
  return textsOf([await handle.fetchHistory(), description.raw], []).join('\n');
}

/** The ids of all workflows of a namespace, closed ones too, as its (slightly late) list shows them. */
export async function workflowIds(client: Client, query?: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list(query === undefined ? {} : { query }))
    ids.push(workflowId);
  return ids;
}
