import {
  Client,
  Connection,
  ScheduleNotFoundError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { HOUSEKEEPING_SCHEDULE_ID, SIGNALS, WORKFLOWS } from '../contracts/reservation';
import { createActorDirectory } from '../temporal/actor-directory';
import { temporalConfig } from '../temporal/connection';
import { missingSearchAttributes } from '../temporal/search-attributes';
import { prepareTemporal } from './prepare-temporal';

const CONNECT_WITHIN_MS = 5000;
const LIST_WITHIN_MS = 120_000;
const PAGE = 1000;
const NAMED_FAILURES = 5;

/** Temporal does not answer. The message names the address and the reason. */
export class TemporalUnreachable extends Error {}

export interface RunningWorkflow {
  id: string;
  startedAt: Date;
}

/** The state of Temporal according to its own lists, which are about a second old. */
export interface TemporalView {
  /** Ids of all running workflows, and the running reservations. */
  running(): Promise<{ ids: Set<string>; reservations: RunningWorkflow[] }>;
  /**
   * Workflows that failed, timed out or were terminated in the last day, in words, one line for
   * each kind.
   */
  failures(): Promise<string[]>;
  /** Which of our search attributes are missing, and what the housekeeping schedule is not. */
  setup(): Promise<{
    missingAttributes: readonly string[];
    schedule: 'runs' | 'paused' | 'missing';
  }>;
  /** Makes what is missing there. @throws SettingsError where that is not for us */
  prepare(): Promise<void>;
  /** Has running workflows look into their inboxes. @returns how many took the signal */
  ring(ids: readonly string[]): Promise<number>;
  /** Resets a reservation's workflow whose tasks have failed for so many seconds. @returns whether it did */
  beginAnew(reservationId: string, failingForS: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * @param address null: the address in the SDK's own environment configuration
 * @throws TemporalUnreachable, also from the methods of the result
 */
export async function connectTemporal(
  target: { address: string; namespace: string } | null,
): Promise<TemporalView> {
  const config = temporalConfig();
  const { connectionOptions, namespace } = target
    ? { connectionOptions: { address: target.address }, namespace: target.namespace }
    : config;
  const { address } = connectionOptions;
  const reached = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new TemporalUnreachable(
        `Temporal at ${address} does not answer: ${(error as Error).message}`,
      );
    }
  };
  const connection = await reached(() =>
    Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_WITHIN_MS }),
  );
  const client = new Client({ connection, namespace });
  const { workflow, schedule } = client;
  const actors = createActorDirectory(client);
  const within = <T>(work: () => Promise<T>) =>
    reached(() => connection.withDeadline(Date.now() + LIST_WITHIN_MS, work));

  return {
    running: () =>
      within(async () => {
        const ids = new Set<string>();
        const reservations: RunningWorkflow[] = [];
        for await (const one of workflow.list({
          query: `ExecutionStatus = 'Running'`,
          pageSize: PAGE,
        })) {
          ids.add(one.workflowId);
          if (one.type === WORKFLOWS.reservation)
            reservations.push({ id: one.workflowId, startedAt: one.startTime });
        }
        return { ids, reservations };
      }),
    failures: () =>
      within(async () => {
        const since = new Date(Date.now() - 86_400_000).toISOString();
        const ended = `(ExecutionStatus = 'Failed' OR ExecutionStatus = 'TimedOut' OR ExecutionStatus = 'Terminated')`;
        const kinds = new Map<string, string[]>();
        for await (const one of workflow.list({
          query: `${ended} AND CloseTime > '${since}'`,
          pageSize: PAGE,
        })) {
          const kind = `${one.type} ${one.status.name.toLowerCase().replace('_', ' ')}`;
          kinds.set(kind, [...(kinds.get(kind) ?? []), one.workflowId]);
        }
        return [...kinds].map(([kind, ids]) => {
          const more =
            ids.length > NAMED_FAILURES ? ` and ${ids.length - NAMED_FAILURES} more` : '';
          return `workflows in the last day: ${ids.length} × ${kind}: ${ids.slice(0, NAMED_FAILURES).join(', ')}${more}`;
        });
      }),
    setup: () =>
      within(async () => ({
        missingAttributes: await missingSearchAttributes(connection, namespace),
        schedule: await schedule
          .getHandle(HOUSEKEEPING_SCHEDULE_ID)
          .describe()
          .then(({ state }) => (state.paused ? 'paused' : 'runs'))
          .catch((error: unknown) => {
            if (error instanceof ScheduleNotFoundError) return 'missing';
            throw error;
          }),
      })),
    prepare: () => prepareTemporal(connection, namespace),
    ring: (ids) =>
      within(async () => {
        let rung = 0;
        for (const id of ids) {
          try {
            await workflow.getHandle(id).signal(SIGNALS.ring);
            rung++;
          } catch (error) {
            // It has ended meanwhile.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          }
        }
        return rung;
      }),
    beginAnew: (reservationId, failingForS) =>
      reached(() => actors.beginAnew(reservationId, failingForS)),
    close: () => connection.close(),
  };
}
