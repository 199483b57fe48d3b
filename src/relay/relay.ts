import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Database } from '../db/database';
import { deliverDue, readEntriesEver, type OutboxLane } from '../db/outbox';
import { sweep } from '../db/sweep';
import { listenForWork } from '../db/wake';
import type { Logger } from '../logger';
import { COMMANDS_AT_ONCE, createLoadGauge, createRateGauge, paceStarts } from './pace';
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

  const commandBell = wake.bell();
  const commanding = until(
    stopping.signal,
    async () => {
      if ((await deliverBatch('commands', COMMANDS_AT_ONCE)) === 0) await commandBell.next(IDLE_POLL_MS);
    },
    'The outbox could not be read',
  );
  const startBell = wake.bell();
  const arrivals = createRateGauge(ARRIVALS_OVER_MS);
  const starting = until(
    stopping.signal,
    async () => {
      const perSecond = arrivals(await readEntriesEver(db), performance.now());
      const { starts, pauseMs } = paceStarts(gauge.busy(), perSecond);
      if ((await deliverBatch('starts', starts)) === 0) await startBell.next(IDLE_POLL_MS);
      else if (pauseMs > 0) await pause(pauseMs);
    },
    'The outbox could not be read',
  );
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
