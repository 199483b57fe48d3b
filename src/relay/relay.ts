import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Database } from '../db/database';
import {
  deliverDue,
  lookIntoOutbox,
  OUTBOX_LANES,
  type NotTaken,
  type OutboxEntry,
  type OutboxLane,
  type Reach,
} from '../db/outbox';
import type { OutboxQueue } from '../db/outbox-kinds';
import { sweep, type SweepOptions } from '../db/sweep';
import { listenForEntries } from '../db/outbox-notifier';
import type { Logger } from '../logger';
import { countSwept } from '../outcome-metrics';
import { inTraceOf, traceIdOf } from '../spans';
import { createFeedWriter } from './feed-writer';
import {
  createRateGauge,
  gapAfter,
  mostNext,
  paceCommands,
  paceStarts,
  startLimits,
  type StartSettings,
} from './pace';
import { watchProcessors } from './processors';
import { createDispatcher, explainFailure } from './temporal-dispatcher';

const IDLE_POLL_MS = 200;
const FAULT_PAUSE_MS = 500;
/** How soon entries that failed before are looked at, which are due half a second later at the soonest. */
const AGAIN_POLL_MS = 500;
/** How old the rate of new entries may be that the pace is made of. */
const LOOK_EVERY_MS = 100;
/** How soon a look reaches back to all entries, not those of the last minute alone. */
const LOOK_BACK_EVERY_MS = 5000;
const SWEEP_EVERY_MS = 2000;
/** Of one pass, so that what it finds next is not too old. */
const SWEEP_BUDGET_MS = 5000;
/** Batches of new commands under way at once: a payment need not wait until others have been told to Temporal. */
const COMMAND_BATCHES = 2;
/**
 * What comes is counted over so long. A payment waits for its signal, so a few dozen at once are no burst there; for
 * starts they are one at once, and gone a moment later: a payment comes seconds after its hold.
 */
const ARRIVALS_OVER_MS: Readonly<Record<OutboxQueue, number>> = { starts: 250, commands: 2000 };

/** Which entry a line of the log is about. */
const fieldsOf = ({ id, kind, facts, traceparent }: OutboxEntry) => ({
  entry: id,
  kind,
  reservation: facts.reservation,
  ...traceIdOf(traceparent),
});

export interface Relay {
  /** Stops taking new work, and waits for the work in progress. */
  stop(): Promise<void>;
}

/**
 * Starts and signals workflows for the entries of the outbox, and runs the sweep. Any number of
 * relays may run in any process; they share the work by row locks. A relay reads the outbox when it
 * is notified (`listenForEntries`), otherwise every 200 ms. It also writes the feed.
 * @param listenUrl the address for the listening connection, which does not belong to the pool;
 * undefined: the relay only polls
 * @param housekeeping what its sweep does of what the settings decide
 * @param starts how fast it starts workflows in a burst
 */
export function startRelay({
  db,
  client,
  log,
  listenUrl,
  housekeeping,
  starts,
}: {
  db: Database;
  client: Client;
  log: Logger;
  listenUrl: string | undefined;
  housekeeping: Pick<SweepOptions, 'refundUnknown' | 'documentDays'>;
  starts: StartSettings;
}): Relay {
  const stopping = new AbortController();
  const dispatch = createDispatcher(client);
  const processors = watchProcessors();
  const limits = startLimits(processors.count, starts);
  const listener = listenForEntries(listenUrl, stopping.signal);
  const complaints = new Map<string, string>();
  const pause = (ms: number) =>
    delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  /** Logs a fault when it begins and when it ends, not at every retry. */
  const complain = (what: string, { message }: Pick<Error, 'message'>, about: object = {}) => {
    if (stopping.signal.aborted) return;
    if (complaints.get(what) !== message) log.warn(about, `${what}: ${message}`);
    complaints.set(what, message);
  };

  /** Says of an entry that Temporal refuses which one it is, at the first time and at the last. */
  const tellRefusal = (entry: OutboxEntry, { error, refused }: NotTaken) => {
    if (refused && entry.attempts === 0)
      log.warn(fieldsOf(entry), `Temporal refuses an entry of the outbox: ${error}`);
  };
  const tellGivenUp = (entry: OutboxEntry) =>
    log.error(
      { ...fieldsOf(entry), attempts: entry.attempts },
      'an entry of the outbox was given up: see GET /v1/outbox?givenUp=true',
    );

  interface Lane {
    queue: OutboxQueue;
    lane: OutboxLane;
  }

  /**
   * Dispatches one batch of a lane.
   * @returns how many entries there were, to how many Temporal gave no answer, and whether there were old ones
   */
  async function deliverBatch(
    lane: Lane & { reach: Reach },
    limit: number,
  ): Promise<{ claimed: number; away: number; late: boolean }> {
    let away = 0;
    const batch = await deliverDue(db, { ...lane, limit }, async (entries) => {
      const failed = new Map<number, NotTaken>();
      const results = await Promise.allSettled(
        entries.map((entry) =>
          inTraceOf(entry.traceparent, `outbox ${entry.kind}`, () => dispatch(entry)),
        ),
      );
      results.forEach((result, index) => {
        const entry = entries[index]!;
        if (result.status === 'fulfilled') {
          log.info({ ...fieldsOf(entry), workflow: result.value }, 'Temporal was told');
          return;
        }
        const why = explainFailure(result.reason);
        failed.set(entry.id, why);
        tellRefusal(entry, why);
        if (why.refused) return;
        away++;
        complain(
          'Temporal did not take an entry of the outbox, it is tried again later',
          { message: why.error },
          fieldsOf(entry),
        );
      });
      return failed;
    });
    batch.givenUp.forEach(tellGivenUp);
    if (batch.taken > 0) complaints.clear();
    else if (away > 0) await pause(FAULT_PAUSE_MS);
    return { ...batch, away };
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
        complain(what, error as Error);
        await pause(FAULT_PAUSE_MS);
      }
    }
  }

  /**
   * Dispatches what a lane has, at its pace, until it is empty; then waits for a notification.
   * @param loops how many do so at once, and share the pace
   */
  function work(lane: Lane, pace: typeof paceStarts, loops: number): Promise<void> {
    const holds = createRateGauge(ARRIVALS_OVER_MS[lane.queue]);
    const commands = createRateGauge(ARRIVALS_OVER_MS[lane.queue]);
    const wait =
      lane.lane === 'first'
        ? () => listener.latches[lane.queue].wait(IDLE_POLL_MS)
        : () => pause(AGAIN_POLL_MS).then(() => false);
    let lookedBackAt = -Infinity;
    let lookedAt = -Infinity;
    let arrivals = { holdsPerSecond: 0, commandsPerSecond: 0 };
    /** The lane was notified of an entry, or its last batch was a full one. */
    let hasMore = false;
    let most = Infinity;
    const step = async () => {
      const begun = performance.now();
      const isTime = begun - lookedBackAt >= LOOK_BACK_EVERY_MS;
      const reach = isTime ? 'all' : 'recent';
      let due = hasMore;
      if (isTime || !hasMore || begun - lookedAt >= LOOK_EVERY_MS) {
        const look = await lookIntoOutbox(db, { ...lane, reach });
        lookedAt = performance.now();
        due = look.due;
        arrivals = {
          holdsPerSecond: holds(look.holdsEver, lookedAt),
          commandsPerSecond: commands(look.commandsEver, lookedAt),
        };
      }
      const load = { processors: processors.count, busy: processors.busy(), ...arrivals };
      const usual = pace(load, limits);
      const now = { ...usual, atOnce: Math.min(usual.atOnce, most) };
      const batch = due ? await deliverBatch({ ...lane, reach }, now.atOnce) : null;
      const claimed = batch?.claimed ?? 0;
      if (batch) most = mostNext(most, batch);
      // As long as there are old entries, they come first.
      if (isTime && !batch?.late) lookedBackAt = performance.now();
      const restMs = gapAfter(claimed, now, loops) - (performance.now() - begun);
      if (restMs > 0) await pause(restMs);
      hasMore = claimed === now.atOnce || (await wait());
    };
    return until(stopping.signal, step, 'The outbox could not be read');
  }
  const delivering = OUTBOX_LANES.flatMap((lane) => {
    const loops = lane === 'first' ? COMMAND_BATCHES : 1;
    return [
      ...Array.from({ length: loops }, () =>
        work({ queue: 'commands', lane }, paceCommands, loops),
      ),
      work({ queue: 'starts', lane }, paceStarts, 1),
    ];
  });
  const sweeping = until(
    stopping.signal,
    async () => {
      const swept = await sweep(db, {
        budgetMs: SWEEP_BUDGET_MS,
        ...housekeeping,
        onFault: (what, error) =>
          log.error(
            { ...what, err: (error as Error).message },
            'the sweep could not do this; it is tried again later',
          ),
      });
      countSwept(swept);
      if (swept.expired + swept.rung + swept.refunded > 0)
        log.info(swept, 'swept what was overdue');
      await pause(SWEEP_EVERY_MS);
    },
    'The sweep did not finish',
  );

  const numbering = until(
    stopping.signal,
    createFeedWriter(db, listener, stopping.signal),
    'The feed could not be written',
  );

  return {
    async stop() {
      stopping.abort();
      processors.stop();
      await Promise.all([...delivering, sweeping, numbering, listener.closed]);
    },
  };
}
