import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, WORKER_ALLOCATOR } from '../../../product';
import type { Stack } from '../../../../dev/stack';
import { BACKGROUND_NICENESS } from '../../../../dev/supervisor';
import { startProgram } from '../../program';
import { DURABLE, type Notice } from './contract';

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const eventKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.event, SearchAttributeType.KEYWORD);
const searchAttributes = new TypedSearchAttributes([
  { key: statusKey, value: 'held' },
  { key: eventKey, value: `bench-${randomUUID()}` },
]);

/** One life: what it waits for is known by its worker's word. */
interface Life {
  id: string;
  /** Asks Temporal to begin it. */
  start(): Promise<void>;
  /** Its first activity has run. */
  begun: Promise<void>;
  signal(): Promise<void>;
  /** Its second activity has run. */
  finished: Promise<void>;
}

/** Limit (d): the smallest durable life with our history, driven from this process. */
export interface Durable {
  /** Of its worker. */
  pid: number;
  createLife(): Life;
  close(): Promise<void>;
}

/** Starts the worker of limit (d) against the stack's Temporal. */
export async function startDurable(stack: Stack, { workflow }: Client): Promise<Durable> {
  const { temporalAddress, temporalNamespace } = stack.info();
  const program = await startProgram({
    path: ['proof', 'bench', 'limits', 'durable', 'main.js'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...WORKER_ALLOCATOR,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: temporalNamespace,
    },
    logFile: join(stack.logFolder, 'bench-durable.log'),
    niceness: BACKGROUND_NICENESS,
  });
  const waiting = new Map<string, () => void>();
  program.child.on('message', (notices: Notice[]) => {
    for (const { step, id } of notices) {
      waiting.get(`${step} ${id}`)?.();
      waiting.delete(`${step} ${id}`);
    }
  });
  const heard = (step: Notice['step'], id: string) =>
    new Promise<void>((resolve) => waiting.set(`${step} ${id}`, resolve));

  return {
    pid: program.pid,
    createLife() {
      const id = randomUUID();
      return {
        id,
        begun: heard('begun', id),
        finished: heard('finished', id),
        async start() {
          await workflow.start(DURABLE.workflow, {
            workflowId: id,
            taskQueue: DURABLE.taskQueue,
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            workflowIdConflictPolicy: 'FAIL',
            staticSummary: 'Benchmark, 1 Jan · R1-1 · held until 00:00 UTC',
            typedSearchAttributes: searchAttributes,
          });
        },
        signal: () => workflow.getHandle(id).signal(DURABLE.signal),
      };
    },
    close: () => program.stop(),
  };
}
