import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Database } from '../db/database';
import { deliverDue, lookIntoOutbox } from '../db/outbox';
import type { OutboxQueue } from '../db/outbox-kinds';
import { sweep } from '../db/sweep';
import { listenForEntries } from '../db/outbox-notifier';
import type { Logger } from '../logger';
import { createLoadGauge, createRateGauge, paceCommands, paceStarts } from './pace';
import { createDispatcher } from './temporal-dispatcher';

const IDLE_POLL_MS = 200;
const FAULT_PAUSE_MS = 500;
const SWEEP_EVERY_MS = 2000;
const ARRIVALS_OVER_MS = 250;

export interface Relay {
  /** Stops taking new work, and waits for the work in progress. */
  stop(): Promise<void>;
}

/**
 * Starts and signals workflows for the entries of the outbox, and runs the sweep. Any number of
 * relays may run in any process; they share the work by row locks. A relay reads the outbox when it
 * is notified (`listenForEntries`), otherwise every 200 ms.
 * @param listenUrl the address for the listening connection, which does not belong to the pool;
 * undefined: the relay only polls
 */
export function startRelay({
  db,
  client,
  log,
  listenUrl,
}: {
  db: Database;
  client: Client;
  log: Logger;
  listenUrl: string | undefined;
}): Relay {
  const stopping = new AbortController();
  const dispatch = createDispatcher(client);
  const gauge = createLoadGauge();
  const listener = listenForEntries(listenUrl, stopping.signal);
  let complaint = '';
  const pause = (ms: number) =>
    delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  /** Logs a fault when it begins and when it ends, not at every retry. */
  const complain = (what: string, error: unknown) => {
    if (stopping.signal.aborted) return;
    const text = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (text !== complaint)
      log.warn({ err: error instanceof Error ? error.name : undefined }, text);
    complaint = text;
  };

  /** Dispatches one batch of a queue. @returns how many entries there were */
  async function deliverBatch(queue: OutboxQueue, limit: number): Promise<number> {
    let failed: unknown;
    const claimed = await deliverDue(db, queue, limit, async (entries) => {
      const dispatched = new Set<number>();
      const results = await Promise.allSettled(entries.map(dispatch));
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') dispatched.add(entries[index]!.id);
        else failed = result.reason;
      });
      return dispatched;
    });
    if (failed !== undefined) {
      complain('Temporal did not take an entry of the outbox, it is tried again later', failed);
      await pause(FAULT_PAUSE_MS);
    } else if (claimed > 0) complaint = '';
    return claimed;
  }

  async function until(
    stopped: AbortSignal,
    step: () => Promise<void>,
    what: string,
  ): Promise<void> {
    while (!stopped.aborted) {
      try {
        await step();
      } catch (error) {
        complain(what, error);
        await pause(FAULT_PAUSE_MS);
      }
    }
  }

  const arrivals = createRateGauge(ARRIVALS_OVER_MS);

  /** Dispatches what a queue has, at its pace, until it is empty; then waits for a notification. */
  function work(queue: OutboxQueue, pace: typeof paceStarts): Promise<void> {
    const latch = listener.latches[queue];
    const step = async () => {
      const { due, entriesEver } = await lookIntoOutbox(db, queue);
      const { atOnce, pauseMs } = pace(gauge.busy(), arrivals(entriesEver, performance.now()));
      if (!due || (await deliverBatch(queue, atOnce)) === 0) await latch.wait(IDLE_POLL_MS);
      else if (pauseMs > 0) await pause(pauseMs);
    };
    return until(stopping.signal, step, 'The outbox could not be read');
  }
  const commanding = work('commands', paceCommands);
  const starting = work('starts', paceStarts);
  const sweeping = until(
    stopping.signal,
    async () => {
      const { expired, rung, refunded } = await sweep(db);
      if (expired + rung + refunded > 0)
        log.info({ expired, rung, refunded }, 'swept what was overdue');
      await pause(SWEEP_EVERY_MS);
    },
    'The sweep did not finish',
  );

  return {
    async stop() {
      stopping.abort();
      gauge.stop();
      await Promise.all([commanding, starting, sweeping, listener.closed]);
    },
  };
}
