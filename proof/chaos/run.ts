import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Book, type Violation } from './book';
import { count, type Count } from './count';
import { openCounter, type Counter } from './counting';
import { startFaults } from './faults';
import { startLoad, type Load } from './load';
import type { ChaosOptions } from './options';
import type { ChaosResult } from './result';
import { passTenMinutes, settle } from './settle';
import { startSystem, type ChaosSystem } from './system';
import { runVerify } from './verify-run';
import { countFaultPoints } from './watch';

export interface RunOptions {
  options: ChaosOptions;
  /** Where the system lives for this run. */
  home: string;
  /** Where the journal goes. */
  folder: string;
  stop: AbortSignal;
  say: (line: string) => void;
}

const SHOW_EVERY_MS = 5_000;
/** Long enough for every retry to be answered once nothing is broken any more. */
const ANSWER_LIMIT_MS = 180_000;

interface Run extends RunOptions {
  system: ChaosSystem;
  counter: Counter;
  book: Book;
}

const elapsed = (since: number): string => {
  const seconds = Math.round((Date.now() - since) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** Says what still moves when that has changed, and now and then all the same. */
function sayChanges(say: (line: string) => void): (line: string) => void {
  let last = { line: '', at: 0 };
  return (line) => {
    if (line === last.line && Date.now() - last.at < 4 * SHOW_EVERY_MS) return;
    last = { line, at: Date.now() };
    say(`coming to rest: ${line}`);
  };
}

/** Load and faults together, until the time is over, the user has enough, or a part was given up. */
async function disturb(run: Run, load: Load): Promise<ReadonlyMap<string, number>> {
  const { options, system, book, stop, say } = run;
  const faults = startFaults({ system, seed: options.seed, limit: options.kills });
  const since = Date.now();
  const end = since + options.minutes * 60_000;
  const over = (): boolean => Date.now() >= end || stop.aborted || system.watch.givenUp.length > 0;
  while (!over()) {
    await sleep(Math.min(SHOW_EVERY_MS, Math.max(1, end - Date.now())), undefined, { signal: stop }).catch(
      () => undefined,
    );
    const { begun, ended } = load.progress();
    const done = [...faults.done.values()].reduce((sum, number) => sum + number, 0);
    const ends = [...system.watch.ends.values()].reduce((sum, part) => sum + part.atFaultPoint, 0);
    const down = system.watch.down();
    say(
      `${elapsed(since)}  scenarios ${ended} (${begun - ended} under way)  reservations ${book.claims.size}  ` +
        `faults ${done} + ${ends} at fault points  down: ${down.join(', ') || 'nothing'}  violations ${book.violations.length}`,
    );
  }
  await faults.stop();
  return faults.done;
}

/** After the faults: everything is answered, late webhooks come, and the system is given the time to come to rest. */
async function calm(run: Run, load: Load, giveUp: AbortController): Promise<void> {
  const { options, system, counter, book, stop, say } = run;
  const patience = setTimeout(() => giveUp.abort(), ANSWER_LIMIT_MS);
  const noPatience = (): void => giveUp.abort();
  stop.addEventListener('abort', noPatience, { once: true });
  try {
    const finished = load.finish();
    if (options.kills > 0) {
      say('the faults end: our processes are started anew, without fault points');
      await system.disarm(stop);
    }
    await finished;
    say(`late payments: ${await load.deliverDeferred()} delivered after all, long past their holds`);
    say(`payments for nothing: ${await passTenMinutes(counter)} wait; their ten minutes pass at once`);
    const left = await settle(counter, sayChanges(say), stop);
    if (left !== null) book.violation('the system comes to rest', 'all', left);
  } finally {
    clearTimeout(patience);
    stop.removeEventListener('abort', noPatience);
  }
}

async function judge(run: Run): Promise<{ counted: Count; violations: Violation[] }> {
  const { system, book, counter, say } = run;
  say('counting');
  const { services } = system;
  const operatorKey = system.info.keys.operator;
  const counted = await count({ services, apiUrl: system.apiUrl(), operatorKey }, book, counter);
  const verified = await runVerify(services);
  const violations = [...book.violations, ...counted.violations];
  if (!verified.sound) violations.push({ rule: 'verify finds nothing', subject: 'all', detail: verified.output });
  for (const reason of system.watch.givenUp) {
    violations.push({ rule: 'every part comes back', subject: 'all', detail: reason });
  }
  return { counted, violations };
}

async function play(run: Run): Promise<ChaosResult> {
  const { options, system, counter, book, stop, say } = run;
  const giveUp = new AbortController();
  const began = Date.now();
  const load = await startLoad({
    book,
    seed: options.seed,
    concurrency: options.concurrency,
    apiUrl: system.apiUrl,
    info: system.info,
    temporal: counter.temporal,
    giveUp: giveUp.signal,
  });
  const faults = await disturb(run, load);
  const minutes = (Date.now() - began) / 60_000;
  const calmSince = Date.now();
  await calm(run, load, giveUp);
  const settleSeconds = (Date.now() - calmSince) / 1000;
  stop.throwIfAborted();
  const { counted, violations } = await judge(run);
  say(`ended by itself: ${system.watch.oddEnds.length === 0 ? 'nothing' : system.watch.oddEnds.join('; ')}`);
  const [own] = system.logFolders;
  const faultPoints = countFaultPoints(own!);
  return {
    options,
    book,
    watch: system.watch,
    faults,
    faultPoints,
    count: counted,
    violations,
    minutes,
    settleSeconds,
  };
}

/** One whole run: a system of its own, load and faults, rest, count. Nothing is left running when it returns. */
export async function runChaos(options: RunOptions): Promise<ChaosResult> {
  const { home, stop, say } = options;
  const armed = options.options.kills > 0;
  const system = await startSystem({ home, armed, signal: stop, progress: say });
  const counter = await openCounter(system.services);
  const book = new Book(join(options.folder, 'journal.jsonl'));
  try {
    return await play({ ...options, system, counter, book });
  } finally {
    await counter.close();
    await system.stop();
    await book.close();
  }
}
