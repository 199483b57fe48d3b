import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  settlementWorkflowId,
  SIGNALS,
  SUMMARY_BYTES,
  TASK_QUEUES,
  WORKFLOWS,
  type ReservationInput,
  type SettlementInput,
  type Ring,
} from '../contracts/reservation';
import { attributesOf, STATUS_KEY } from '../contracts/search-attributes';
import type { NotTaken, OutboxEntry } from '../db/outbox';
import { outboxKind, type OutboxFacts } from '../db/outbox-kinds';
import { clipToBytes } from '../domain/clip';
import { describeNews } from '../domain/news';
import { faultPoint } from '../fault-points';

/** For all calls of one entry together: the claim of its batch is a transaction that stays open so long. */
const ENTRY_WITHIN_MS = 5000;

const MAX_SEATS_NAMED = 6;

const summarise = (text: string): string => clipToBytes(text, SUMMARY_BYTES);

/** By time zone: a format takes longer to make than the rest of a summary. */
const days = new Map<string, Intl.DateTimeFormat>();
/** There are fewer zones than this; names of one may differ in case. */
const MOST_FORMATS = 1000;

function dayIn(timeZone: string): Intl.DateTimeFormat {
  let format = days.get(timeZone);
  if (!format) {
    if (days.size >= MOST_FORMATS) days.clear();
    format = new Intl.DateTimeFormat('en-GB', {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      timeZone,
    });
    days.set(timeZone, format);
  }
  return format;
}

/** "Hamlet, 14 Mar 2030 · · as first held": what stays true, whatever changes later. */
function summaryOf(start: NonNullable<OutboxEntry['start']>): string {
  const named = start.seats.slice(0, MAX_SEATS_NAMED).join(', ');
  const more =
    start.seats.length > MAX_SEATS_NAMED ? ` and ${start.seats.length - MAX_SEATS_NAMED} more` : '';
  const name = clipToBytes(start.eventName, 80);
  return summarise(
    `${name}, ${dayIn(start.timeZone).format(new Date(start.startsAt))} · ${named}${more} · as first held`,
  );
}

/** Of a workflow whose reservation exists: what it is found by. */
const foundBy = ({ reservation, events = [] }: OutboxFacts) =>
  reservation === undefined
    ? {}
    : { typedSearchAttributes: new TypedSearchAttributes(attributesOf(reservation, events)) };

/** Why a workflow is rung. Where nothing happened, the work is late. */
const whyOf = ({ news = [] }: OutboxFacts): Ring => ({
  why: summarise(
    news.length === 0 ? 'something changed, or is late' : news.map(describeNews).join('; '),
  ),
});
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
 * further effect, and returns the id of the workflow that has it now.
 */
export function createDispatcher({ workflow, connection }: Client) {
  /** A reservation's workflow. A key starts one, ever. */
  const actorOf = (
    id: string,
    start: NonNullable<OutboxEntry['start']>,
    { events = [] }: OutboxFacts,
  ) => ({
    workflowId: id,
    taskQueue: TASK_QUEUES.reservations,
    args: [{ event: start.event, seats: start.seats, shortTries: true } satisfies ReservationInput],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    staticSummary: summaryOf(start),
    typedSearchAttributes: new TypedSearchAttributes([
      { key: STATUS_KEY, value: 'held' },
      ...attributesOf(id, events),
    ]),
  });

  /** @returns whether the call was taken; false: Temporal has a workflow of this id already */
  async function unlessStarted(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      faultPoint('relay.started');
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  /** "Already started" is success. */
  const startActor = (...of: Parameters<typeof actorOf>): Promise<boolean> =>
    unlessStarted(() =>
      workflow.start(WORKFLOWS.reservation, {
        ...actorOf(...of),
        workflowIdConflictPolicy: 'FAIL',
      }),
    );

  /** Signals the workflow and starts it if it has not begun. @returns whether there is one; false: it has ended */
  const startRung = (why: Ring, ...of: Parameters<typeof actorOf>): Promise<boolean> =>
    unlessStarted(() =>
      workflow.signalWithStart(WORKFLOWS.reservation, {
        ...actorOf(...of),
        signal: SIGNALS.ring,
        signalArgs: [why],
      }),
    );

  /** Signals an open workflow. @returns whether there is one */
  async function ringOpen(id: string, why: Ring): Promise<boolean> {
    try {
      await workflow.getHandle(id).signal(SIGNALS.ring, why);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /**
   * Signals the workflow of a reservation. If it has not started, it is started with the signal, so that
   * it knows the message as it begins. If it has closed, a settlement workflow handles the inbox.
   */
  async function ring({ subject: id, start, facts }: OutboxEntry): Promise<string> {
    const why = whyOf(facts);
    const rung =
      (await ringOpen(id, why)) || (start !== null && (await startRung(why, id, start, facts)));
    let workflowId = id;
    if (!rung) {
      workflowId = settlementWorkflowId(id);
      const ref: SettlementInput = { reservationId: id, shortTries: true };
      await workflow.signalWithStart(WORKFLOWS.settlement, {
        workflowId,
        taskQueue: TASK_QUEUES.reservations,
        args: [ref],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        signal: SIGNALS.ring,
        signalArgs: [why],
        staticSummary: summarise(`What came after the end of ${id}: ${why.why}`),
        ...foundBy(facts),
      });
    }
    faultPoint('relay.rung');
    return workflowId;
  }

  /** Starts a short workflow. If one with this id is running, it does the same work. */
  async function startOneOff(
    {
      type,
      input,
      summary,
      taskQueue,
      rings,
    }: NonNullable<ReturnType<typeof outboxKind>['oneOff']>,
    { kind, subject, sequence, facts }: OutboxEntry,
  ): Promise<string> {
    const workflowId = outboxKind(kind).workflowId(subject, facts);
    const options = {
      workflowId,
      taskQueue: taskQueue ?? TASK_QUEUES.reservations,
      args: [input(subject, sequence)],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summarise(summary(facts)),
      ...foundBy(facts),
    } as const;
    const isNews = (kind === 'refund_order' || kind === 'change') && sequence !== null;
    if (rings === true || isNews)
      await workflow.signalWithStart(type, {
        ...options,
        signal: SIGNALS.ring,
        signalArgs: [{ why: 'there is news of it' } satisfies Ring],
      });
    else await workflow.start(type, { ...options, workflowIdConflictPolicy: 'USE_EXISTING' });
    return workflowId;
  }

  async function dispatch(entry: OutboxEntry): Promise<string> {
    const { kind, subject, start, facts } = entry;
    const { oneOff } = outboxKind(kind);
    if (oneOff) return startOneOff(oneOff, entry);
    if (kind === 'ring') return ring(entry);
    if (start) await startActor(subject, start, facts);
    return subject;
  }

  return (entry: OutboxEntry): Promise<string> =>
    connection.withDeadline(Date.now() + ENTRY_WITHIN_MS, () => dispatch(entry));
}
