import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';
import {
  SEARCH_ATTRIBUTES,
  settlementWorkflowId,
  SIGNALS,
  TASK_QUEUES,
  WORKFLOWS,
  type ReservationInput,
  type ReservationRef,
} from '../contracts/reservation';
import type { NotTaken, OutboxEntry } from '../db/outbox';
import { outboxKind } from '../db/outbox-kinds';
import { faultPoint } from '../fault-points';

/** For all calls of one entry together: the claim of its batch is a transaction that stays open so long. */
const ENTRY_WITHIN_MS = 5000;
const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const eventKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.event, SearchAttributeType.KEYWORD);

const MAX_SEATS_NAMED = 6;

/** "Hamlet, 14 Mar · · held until 19:05 UTC" */
function summaryOf(start: NonNullable<OutboxEntry['start']>): string {
  const day = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    timeZone: start.timeZone,
  });
  const named = start.seats.slice(0, MAX_SEATS_NAMED).join(', ');
  const more =
    start.seats.length > MAX_SEATS_NAMED ? ` and ${start.seats.length - MAX_SEATS_NAMED} more` : '';
  const until = start.expiresAt.slice(11, 16);
  return `${start.eventName.slice(0, 80)}, ${day.format(new Date(start.startsAt))} · ${named}${more} · held until ${until} UTC`;
}

/** What Temporal, or its client, says of an entry that it would refuse in the same way again. */
const REFUSALS = new Set(['ValueError', 'TypeError', 'RangeError', 'PayloadConverterError']);
const INVALID_ARGUMENT = 3;

/** Why an entry was not taken, and whether that is because of what it is. */
export function explainFailure(error: unknown): NotTaken {
  const { name, message, code, details, cause } = error as Partial<ServiceFailure> & Error;
  const inner = (cause ?? {}) as Partial<ServiceFailure>;
  return {
    error: details ?? inner.details ?? message,
    refused: (code ?? inner.code) === INVALID_ARGUMENT || REFUSALS.has(name),
  };
}

/** Of gRPC. */
interface ServiceFailure {
  code: number;
  details: string;
}

/**
 * Delivers entries of the outbox to Temporal. Each call may be repeated: a repeated call has no
 * further effect.
 */
export function createDispatcher({ workflow, connection }: Client) {
  /**
   * A key starts one reservation, ever: "already started" is success. @returns whether it was
   * started by this call
   */
  async function startActor(
    id: string,
    start: NonNullable<OutboxEntry['start']>,
  ): Promise<boolean> {
    const input: ReservationInput = { event: start.event, seats: start.seats };
    try {
      await workflow.start(WORKFLOWS.reservation, {
        workflowId: id,
        taskQueue: TASK_QUEUES.reservations,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: summaryOf(start),
        typedSearchAttributes: new TypedSearchAttributes([
          { key: statusKey, value: 'held' },
          { key: eventKey, value: start.event },
        ]),
      });
      faultPoint('relay.started');
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  /** Signals an open workflow. @returns whether there is one */
  async function ringOpen(id: string): Promise<boolean> {
    try {
      await workflow.getHandle(id).signal(SIGNALS.ring);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /**
   * Signals the workflow of a reservation. If it has not started, it is started and reads its inbox
   * first. If it has closed, a settlement workflow handles the inbox.
   */
  async function ring(id: string, start: OutboxEntry['start']): Promise<void> {
    // Checked again after "already started", because another relay may have started the workflow
    // between the two calls.
    const rung =
      (await ringOpen(id)) ||
      (start !== null && ((await startActor(id, start)) || (await ringOpen(id))));
    if (!rung) {
      const ref: ReservationRef = { reservationId: id };
      await workflow.signalWithStart(WORKFLOWS.settlement, {
        workflowId: settlementWorkflowId(id),
        taskQueue: TASK_QUEUES.reservations,
        args: [ref],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        signal: SIGNALS.ring,
        staticSummary: `Settle what came for ${id} after its end`,
      });
    }
    faultPoint('relay.rung');
  }

  /** Starts a short workflow. If one with this id is running, it does the same work. */
  async function startOneOff(
    { type, input, summary }: NonNullable<ReturnType<typeof outboxKind>['oneOff']>,
    { kind, subject, sequence }: OutboxEntry,
    workflowId: string,
  ): Promise<void> {
    const options = {
      workflowId,
      taskQueue: TASK_QUEUES.reservations,
      args: [input(subject, sequence)],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      ...(summary !== undefined && { staticSummary: summary }),
    } as const;
    if ((kind === 'refund_order' || kind === 'change') && sequence !== null)
      await workflow.signalWithStart(type, { ...options, signal: SIGNALS.ring });
    else await workflow.start(type, { ...options, workflowIdConflictPolicy: 'USE_EXISTING' });
  }

  async function dispatch(entry: OutboxEntry): Promise<void> {
    const { kind, subject, sequence, start } = entry;
    const { oneOff, workflowIds } = outboxKind(kind);
    if (oneOff) await startOneOff(oneOff, entry, workflowIds(subject, sequence)[0]!);
    else if (kind === 'ring') await ring(subject, start);
    else if (start) await startActor(subject, start);
  }

  return (entry: OutboxEntry): Promise<void> =>
    connection.withDeadline(Date.now() + ENTRY_WITHIN_MS, () => dispatch(entry));
}
