import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Database } from '../db/database';
import { deliverDue, lookIntoOutbox, type OutboxLane } from '../db/outbox';
import { sweep } from '../db/sweep';
import { listenForWork } from '../db/wake';
import type { Logger } from '../logger';
import { createLoadGauge, createRateGauge, paceCommands, paceStarts } from './pace';
import { createTeller } from './tell-temporal';

const IDLE_POLL_MS = 200;
const FAULT_PAUSE_MS = 500;
const SWEEP_EVERY_MS = 2000;
const ARRIVALS_OVER_MS = 250;

export interface Relay {
  /** Stops taking new work and waits for what is under way. */
  stop(): Promise<void>;
}

/**
 * Starts and rings actors for what the database says, and sweeps what is overdue. Any number may run, in any process:
 * they share the work by row locks. It looks at once when somebody rings (`listenForWork`), else every 200 ms.
 * @param listenUrl for the listening connection, which stays outside the pool; undefined: it only looks
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
  const tell = createTeller(client);
  const gauge = createLoadGauge();
  const wake = listenForWork(listenUrl, stopping.signal);
  let complaint = '';
  const pause = (ms: number) => delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  /** A fault is said once, not at every try, and its end too. */
  const complain = (what: string, error: unknown) => {
    if (stopping.signal.aborted) return;
    const text = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (text !== complaint) log.warn({ err: error instanceof Error ? error.name : undefined }, text);
    complaint = text;
  };

  /** One batch of a lane. @returns how many there were */
  async function deliverBatch(lane: OutboxLane, limit: number): Promise<number> {
    let failed: unknown;
    const claimed = await deliverDue(db, lane, limit, async (entries) => {
      const told = new Set<number>();
      const results = await Promise.allSettled(entries.map(tell));
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') told.add(entries[index]!.id);
        else failed = result.reason;
      });
      return told;
    });
    if (failed !== undefined) {
      complain('Temporal was not told, will be told later', failed);
      await pause(FAULT_PAUSE_MS);
    } else if (claimed > 0) complaint = '';
    return claimed;
  }

  async function until(stopped: AbortSignal, step: () => Promise<void>, what: string): Promise<void> {
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

  /** Tells what a lane has, at its pace, until it is empty; then waits for a ring. */
  function work(lane: OutboxLane, pace: typeof paceStarts): Promise<void> {
    const bell = wake.bell(lane);
    const step = async () => {
      const { due, entriesEver } = await lookIntoOutbox(db, lane);
      const { atOnce, pauseMs } = pace(gauge.busy(), arrivals(entriesEver, performance.now()));
      if (!due || (await deliverBatch(lane, atOnce)) === 0) await bell.next(IDLE_POLL_MS);
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
      if (expired + rung + refunded > 0) log.info({ expired, rung, refunded }, 'swept what was overdue');
      await pause(SWEEP_EVERY_MS);
    },
    'The sweep did not finish',
  );

  return {
    async stop() {
      stopping.abort();
      gauge.stop();
      await Promise.all([commanding, starting, sweeping, wake.closed]);
    },
  };
}
