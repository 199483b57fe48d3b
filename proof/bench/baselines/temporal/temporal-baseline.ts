import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';
import { SEARCH_ATTRIBUTES, WORKER_ALLOCATOR } from '../../product';
import type { Stack } from '../../../../dev/stack';
import { BACKGROUND_NICENESS } from '../../../../dev/supervisor';
import { startProgram } from '../../program';
import { TEMPORAL_BASELINE, type Notice } from './contract';

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const eventKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.event, SearchAttributeType.KEYWORD);
const searchAttributes = new TypedSearchAttributes([
  { key: statusKey, value: 'held' },
  { key: eventKey, value: `bench-${randomUUID()}` },
]);

/** One workflow; its worker reports the steps. */
interface BaselineLifecycle {
  id: string;
  /** Starts the workflow. */
  start(): Promise<void>;
  /** Resolves when its first activity has run. */
  started: Promise<void>;
  signal(): Promise<void>;
  /** Resolves when its second activity has run. */
  finished: Promise<void>;
}

/** The baseline `temporal`: the smallest workflow with the history of a sold reservation, driven from this process. */
export interface TemporalBaseline {
  /** The process of its worker. */
  pid: number;
  createLifecycle(): BaselineLifecycle;
  close(): Promise<void>;
}

/**
 * Starts the worker of the baseline against the Temporal server of the stack.
 * @param toldEveryMs how often the worker tells which steps have run
 */
export async function startTemporalBaseline(
  stack: Stack,
  { workflow }: Client,
  toldEveryMs: number,
): Promise<TemporalBaseline> {
  const { temporalAddress, temporalNamespace } = stack.info();
  const program = await startProgram({
    path: ['proof', 'bench', 'baselines', 'temporal', 'main.js'],
    args: [String(toldEveryMs)],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...WORKER_ALLOCATOR,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: temporalNamespace,
    },
    logFile: join(stack.logFolder, 'bench-temporal.log'),
    niceness: BACKGROUND_NICENESS,
  });
  const waiting = new Map<string, () => void>();
  program.child.on('message', (notices: Notice[]) => {
    for (const { step, id } of notices) {
      waiting.get(`${step} ${id}`)?.();
      waiting.delete(`${step} ${id}`);
    }
  });
  const untilStep = (step: Notice['step'], id: string) =>
    new Promise<void>((resolve) => waiting.set(`${step} ${id}`, resolve));

  return {
    pid: program.pid,
    createLifecycle() {
      const id = randomUUID();
      return {
        id,
        started: untilStep('started', id),
        finished: untilStep('finished', id),
        async start() {
          await workflow.start(TEMPORAL_BASELINE.workflow, {
            workflowId: id,
            taskQueue: TEMPORAL_BASELINE.taskQueue,
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            workflowIdConflictPolicy: 'FAIL',
            staticSummary: 'Benchmark, 1 Jan · R1-1 · held until 00:00 UTC',
            typedSearchAttributes: searchAttributes,
          });
        },
        signal: () => workflow.getHandle(id).signal(TEMPORAL_BASELINE.signal),
      };
    },
    close: () => program.stop(),
  };
}
