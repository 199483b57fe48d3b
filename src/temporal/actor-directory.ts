import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { settlementWorkflowId } from '../contracts/reservation';

type Event = temporal.api.history.v1.IHistoryEvent;

const ANSWER_WITHIN_MS = 5000;
/** Of a history, from its end: the failures since a task was completed; there are few of them between two signals. */
const EVENTS = 200;

const msOf = ({ eventTime }: Event): number =>
  Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;

/**
 * @param newestFirst a history from its end
 * @returns since when its workflow tasks have failed without one that was completed, in milliseconds of the server's
 * clock; null: the last one did not fail
 */
export function failingSince(newestFirst: readonly Event[]): number | null {
  let since: number | null = null;
  for (const event of newestFirst) {
    const failed = event.workflowTaskFailedEventAttributes;
    // A reset is a failure by name, with which a run begins.
    const isReset = failed?.failure?.resetWorkflowFailureInfo;
    if (event.workflowTaskCompletedEventAttributes || isReset) break;
    if (failed) since = msOf(event);
  }
  return since;
}

/** What Temporal knows of the workflows of reservations: see `ActorDirectory` in the housekeeping. */
export function createActorDirectory(client: Client) {
  const { connection, workflowService: service } = client;
  const { namespace } = client.options;

  /** Of the open workflow of this id: since when its tasks have failed. */
  async function look(workflowId: string): Promise<{ runId: string; failingForS: number } | null> {
    try {
      const { raw, runId, status } = await client.workflow.getHandle(workflowId).describe();
      // Cheap to know: of a healthy one no task is tried again.
      if (status.name !== 'RUNNING' || (raw.pendingWorkflowTask?.attempt ?? 1) === 1) return null;
      const { history } = await service.getWorkflowExecutionHistoryReverse({
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: EVENTS,
      });
      const since = failingSince(history?.events ?? []);
      return since === null ? null : { runId, failingForS: (Date.now() - since) / 1000 };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  async function reset(workflowId: string, runId: string, reason: string): Promise<void> {
    const execution = { workflowId, runId };
    const { history } = await service.getWorkflowExecutionHistory({ namespace, execution });
    const first = history?.events?.find(
      (event) =>
        event.workflowTaskCompletedEventAttributes ??
        event.workflowTaskTimedOutEventAttributes ??
        event.workflowTaskFailedEventAttributes,
    );
    await service.resetWorkflowExecution({
      namespace,
      workflowExecution: execution,
      reason,
      requestId: randomUUID(),
      workflowTaskFinishEventId: first!.eventId!,
    });
  }

  return {
    async openOf(ids: readonly string[]): Promise<ReadonlySet<string>> {
      // Of one whose workflow was terminated a settlement is the actor.
      const actors = new Map(
        ids.flatMap((id) => [
          [id, id],
          [settlementWorkflowId(id), id],
        ]),
      );
      const quoted = [...actors.keys()].map((id) => `'${id}'`).join(', ');
      const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${quoted})`;
      const open = new Set<string>();
      for await (const { workflowId } of client.workflow.list({ query, pageSize: 1000 }))
        open.add(actors.get(workflowId)!);
      return open;
    },

    beginAnew: (reservationId: string, failingForS: number): Promise<boolean> =>
      connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
        for (const workflowId of [reservationId, settlementWorkflowId(reservationId)]) {
          const found = await look(workflowId);
          if (found === null || found.failingForS < failingForS) continue;
          const seconds = Math.round(found.failingForS);
          await reset(workflowId, found.runId, `its tasks have failed for ${seconds} s`);
          return true;
        }
        return false;
      }),
  };
}
