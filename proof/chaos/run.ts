import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal, isReceiverKind, type Violation } from './journal';
import { count, type Count } from './count';
import { openDirectAccess, type DirectAccess } from './direct-access';
import { startFaults } from './faults';
import { startFeedReaders, type FeedReaders } from './feed-readers';
import { startLoad, type Load } from './load';
import type { ChaosOptions } from './options';
import { countFaultPoints, findFailedRequests } from './own-logs';
import { startReceivers, type Receivers } from './receivers';
import type { ChaosResult } from './result';
import { ageUnmatchedPayments, waitUntilIdle } from './wait-until-idle';
import { watchTemporal } from './temporal-watch';
import { startSystem, type ChaosSystem } from './system';
import { runVerify } from './verify-run';

export interface RunOptions {
  options: ChaosOptions;
  /** The folder of the system's data. */
  home: string;
  /** The folder of the journal. */
  folder: string;
  stop: AbortSignal;
  say: (line: string) => void;
}

const SHOW_EVERY_MS = 5_000;
/** How long the load goes on without faults for the kinds that have not happened yet. */
const LEAST_MAKE_UP_MS = 480_000;
/** Without faults every retry is answered, and every scenario has ended, within this time. */
const ANSWER_TIMEOUT_MS = 300_000;

interface Run extends RunOptions {
  system: ChaosSystem;
  direct: DirectAccess;
  journal: Journal;
  receivers: Receivers;
  feed: FeedReaders;
}

const elapsed = (since: number): string => {
  const seconds = Math.round((Date.now() - since) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** Prints the pending work when it changes, and every 20 s. */
function sayChanges(say: (line: string) => void): (line: string) => void {
  let last = { line: '', at: 0 };
  return (line) => {
    if (line === last.line && Date.now() - last.at < 4 * SHOW_EVERY_MS) return;
    last = { line, at: Date.now() };
    say(`waiting until idle: ${line}`);
  };
}

/** Runs load and faults together, until the time is over, the user stops the run, or a part keeps failing. */
async function runFaults(run: Run, load: Load): Promise<ReadonlyMap<string, number>> {
  const { options, system, journal, stop, say } = run;
  const faults = startFaults({ system, seed: options.seed, maxFaults: options.kills });
  const since = Date.now();
  const end = since + options.minutes * 60_000;
  const over = (): boolean =>
    Date.now() >= end || stop.aborted || system.monitor.givenUp.length > 0;
  while (!over()) {
    await sleep(Math.min(SHOW_EVERY_MS, Math.max(1, end - Date.now())), undefined, {
      signal: stop,
    }).catch(() => undefined);
    const { begun, ended } = load.progress();
    const done = [...faults.done.values()].reduce((sum, number) => sum + number, 0);
    const ends = [...system.monitor.ends.values()].reduce(
      (sum, part) => sum + part.atFaultPoint,
      0,
    );
    const down = system.monitor.down();
    say(
      `${elapsed(since)}  scenarios ${ended} (${begun - ended} under way)  reservations ${journal.claims.size}  ` +
        `faults ${done} + ${ends} at fault points  down: ${down.join(', ') || 'nothing'}  violations ${journal.violations.length}`,
    );
  }
  await faults.stop();
  journal.faultsEnded();
  return faults.done;
}

/** Waits until each kind has happened as often as it must: at most eight minutes, or as long as the faults lasted. */
async function makeUp({ options, journal, stop, say }: Run): Promise<void> {
  say(`the load goes on without faults for: ${journal.missingKinds().join('; ')}`);
  const atMost = Math.max(LEAST_MAKE_UP_MS, options.minutes * 60_000);
  for (const until = Date.now() + atMost; Date.now() < until && !stop.aborted;) {
    if (journal.missingKinds().length === 0) return;
    await sleep(1_000, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Ends the faults: every request gets its answer, late webhooks are delivered, and the system becomes idle. */
async function endFaults(run: Run, load: Load, giveUp: AbortController): Promise<void> {
  const { options, system, direct, journal, stop, say } = run;
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => giveUp.abort();
  stop.addEventListener('abort', abort, { once: true });
  try {
    // A slow machine may have left no time between the faults for what needs several steps.
    const finished = journal.missingKinds().length === 0 ? load.finish() : null;
    if (options.kills > 0) {
      say('faults end: our processes restart without fault points');
      await system.disarm(stop);
    }
    if (finished === null) await makeUp(run);
    timer = setTimeout(abort, ANSWER_TIMEOUT_MS);
    await (finished ?? load.finish());
    say(`late payments: ${await load.deliverAfterFaults()} delivered long after their holds ended`);
    say(
      `payments without a reservation: ${await ageUnmatchedPayments(direct)}, made ten minutes older so that they are refunded`,
    );
    await run.receivers.calm();
    const left = await waitUntilIdle(direct, sayChanges(say), stop);
    await load.close();
    if (left !== null) journal.violation('the system becomes idle', 'all', left);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', abort);
  }
}

async function checkResult(run: Run): Promise<{ counted: Count; violations: Violation[] }> {
  const { system, journal, direct, receivers, feed, say } = run;
  say('checking every promise');
  const { services } = system;
  const operatorKey = system.info.keys.operator;
  const counted = await count(
    { services, apiUrl: system.apiUrl(), operatorKey, receivers, feed },
    journal,
    direct,
  );
  const verified = await runVerify(services);
  const violations = [
    ...journal.violations,
    ...counted.violations,
    ...findFailedRequests(system.ownLogFolder),
  ];
  if (!verified.sound)
    violations.push({ rule: 'verify finds nothing', subject: 'all', detail: verified.output });
  for (const reason of system.monitor.givenUp) {
    violations.push({ rule: 'every part comes back', subject: 'all', detail: reason });
  }
  return { counted, violations };
}

async function runAll(run: Run): Promise<ChaosResult> {
  const { options, system, direct, journal, stop, say } = run;
  const giveUp = new AbortController();
  const began = Date.now();
  const load = await startLoad({
    journal,
    seed: options.seed,
    concurrency: options.concurrency,
    apiUrl: system.apiUrl,
    info: system.info,
    temporal: direct.temporal,
    giveUp: giveUp.signal,
  });
  const faults = await runFaults(run, load);
  const minutes = (Date.now() - began) / 60_000;
  const faultsEndedAt = Date.now();
  await endFaults(run, load, giveUp);
  const idleAfterSeconds = (Date.now() - faultsEndedAt) / 1000;
  stop.throwIfAborted();
  const { counted, violations } = await checkResult(run);
  say(
    `parts that ended by themselves: ${system.monitor.oddEnds.length === 0 ? 'nothing' : system.monitor.oddEnds.join('; ')}`,
  );
  const faultPoints = countFaultPoints(system.ownLogFolder);
  return {
    options,
    journal,
    monitor: system.monitor,
    faults,
    faultPoints,
    count: counted,
    violations,
    minutes,
    idleAfterSeconds,
  };
}

/** One run: starts a system, load and faults; waits until idle; checks. Nothing is left running when it returns. */
export async function runChaos(options: RunOptions): Promise<ChaosResult> {
  const { home, stop, say } = options;
  const armed = options.options.kills > 0;
  const system = await startSystem({ home, armed, signal: stop, progress: say });
  const direct = await openDirectAccess(system.services);
  const journal = new Journal(
    join(options.folder, 'journal.jsonl'),
    new Map([...options.options.each].filter(([kind]) => armed || !isReceiverKind(kind))),
  );
  let receivers: Receivers | undefined;
  const watch = watchTemporal(system, direct, say);
  const feed = startFeedReaders({
    seed: options.options.seed,
    journal,
    apiUrl: system.apiUrl,
    keys: system.info.keys,
  });
  try {
    receivers = await startReceivers({
      seed: options.options.seed,
      faulty: armed,
      apiUrl: system.apiUrl,
      info: system.info,
      happened: (kind) => journal.happened(kind),
    });
    const result = await runAll({ ...options, system, direct, journal, receivers, feed });
    const kills = watch.kills();
    return kills === 0
      ? result
      : {
          ...result,
          faults: new Map([...result.faults, ['kill temporal, which was stuck', kills]]),
        };
  } finally {
    await watch.stop();
    await feed.close();
    await receivers?.close();
    await direct.close();
    await system.stop();
    await journal.close();
  }
}
