import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';

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

/** The SDK's name for the result of a local activity. */
const LOCAL_ACTIVITY = 'core_local_activity';

/** The types of the activities that a workflow has done, local ones among them, in their order. */
export async function stepsOf(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const typeById = new Map<string, string>();
  return (events ?? []).flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) typeById.set(String(event.eventId), scheduled.activityType!.name!);
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed) return [typeById.get(String(completed.scheduledEventId))!];
    const { markerName, details } = event.markerRecordedEventAttributes ?? {};
    if (markerName !== LOCAL_ACTIVITY) return [];
    const [data] = details!.data!.payloads!;
    const { activity_type: type } = JSON.parse(Buffer.from(data!.data!).toString('utf8')) as {
      activity_type: string;
    };
    return [type];
  });
}

/** The patches that a workflow has recorded. */
export async function patchesOf(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ markerRecordedEventAttributes: it }) =>
    (it?.details?.['patch-data']?.payloads ?? []).map(({ data }) => {
      const { id } = JSON.parse(Buffer.from(data!).toString('utf8')) as { id: string };
      return id;
    }),
  );
}

/** Signals a workflow with these bytes, whatever they are. */
export const signalPayload = (
  client: Client,
  workflowId: string,
  payload: Payload,
  signalName = 'paymentConfirmed',
) =>
  client.workflowService.signalWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [payload] },
    identity: 'by hand',
  });
