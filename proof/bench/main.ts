import { helpText, SettingsError, renderConsoleTable } from '../product';
import { PROJECT } from '../../dev/steps';
import { killEverything } from '../../dev/supervisor';
import type { Chart } from '../report/charts';
import { saveReport } from '../report/report';
import type { Case } from './case';
import { CASES } from './cases';
import { againstCases } from './cases/against';
import { describeCommit, describeMachine } from './machine';
import { readOptions, USAGE, UsageError, type BenchOptions } from './options';
import { compareWith, readPeer } from './peer';
import {
  benchReport,
  noiseOf,
  ratioTable,
  saveResult,
  verdictOf,
  type BenchResult,
} from './result';
import { createReleases, type Releases } from './releases';
import { runCases, type RunResult } from './run';
import { startTestbed, type NoisyPeriod } from './testbed';
import { warmUp } from './warm-up';

/** npm repeats the Ctrl-C that the terminal has sent; only a later signal counts as a second one. */
const SAME_REQUEST_MS = 1_000;

/** The user stopped the run. */
class Stopped extends Error {}

/** The first signal ends the run in order; one more ends everything at once. */
function listenForStop(): AbortController {
  const stop = new AbortController();
  let askedAt = 0;
  const ask = (): void => {
    if (!stop.signal.aborted) {
      askedAt = Date.now();
      console.log('stopping (once more: at once)');
      stop.abort(new Stopped('stopped'));
    } else if (Date.now() - askedAt > SAME_REQUEST_MS) {
      killEverything();
      process.exit(2);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  return stop;
}

function chooseCases({ only, running, peer }: BenchOptions, all: readonly Case[]): Case[] {
  const unknown = only?.filter((id) => !all.some((one) => one.id === id)) ?? [];
  if (unknown.length > 0)
    throw new UsageError(`--only: there is no case ${unknown.join(', ')}; --list names them`);
  const chosen = all.filter(
    ({ id, ownStackOnly }) => (only?.includes(id) ?? true) && !(running && ownStackOnly),
  );
  return peer === null ? chosen : compareWith(readPeer(peer), chosen);
}

interface Measured extends RunResult {
  noisyPeriods: readonly NoisyPeriod[];
  charts: readonly Chart[];
}

/** Measures, and ends every process that was started. */
async function measure(
  options: BenchOptions,
  cases: readonly Case[],
  stop: AbortController,
  releases: Releases | null,
): Promise<Measured> {
  const { signal } = stop;
  const { home, running, processes, temporal, scale, rounds } = options;
  const { bench, noisyPeriods, charts, failed, close } = await startTestbed({
    home,
    running,
    processes,
    temporal,
    scale,
    signal,
    progress: console.log,
  });
  let whole = false;
  try {
    void failed.then((error) => stop.abort(error));
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    aborted.catch(() => undefined);
    console.log('warming up');
    await Promise.race([warmUp(bench), aborted]);
    const result = await Promise.race([runCases(bench, cases, { rounds, signal }), aborted]);
    whole = result.cases.every(({ failure }) => failure === undefined);
    return { ...result, noisyPeriods, charts };
  } finally {
    await releases?.ended();
    await close(!whole && !signal.aborted);
  }
}

function printResult(result: BenchResult, options: BenchOptions): boolean {
  const verdict = verdictOf(result);
  const report = saveReport(options.out, benchReport(result));
  const file = saveResult(options.results, result);
  console.log(`\n${renderConsoleTable(ratioTable(result))}\n`);
  console.log(
    `${verdict.text} Noise of the machine: ${(100 * noiseOf(result.calibrationMs)).toFixed(1)} %.`,
  );
  console.log(`Report: ${report}\nFigures: ${file}`);
  return verdict.ok;
}

/** @returns the exit code: 0 after a measurement; 1 with --strict and a missed target; 2 when it could not run */
async function main(): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Every process that was started ends with this one.
  process.on('exit', killEverything);
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText(USAGE, ['HOLDFAST_HOME']));
    return 0;
  }
  const stop = listenForStop();
  const releases = options.against === null ? null : createReleases(options.against, stop.signal);
  const all = releases ? againstCases(releases.run) : CASES;
  const cases = chooseCases(options, all);
  if (options.list) {
    for (const { id, title } of cases) console.log(`${id.padEnd(20)} ${title}`);
    return 0;
  }
  const started = Date.now();
  const commit = describeCommit(PROJECT);
  const measured = await measure(options, cases, stop, releases);
  const result: BenchResult = {
    date: new Date(started).toISOString(),
    commit,
    machine: describeMachine(),
    scale: options.scale,
    apiProcesses: options.running ? null : options.processes,
    temporal: options.running ? null : options.temporal,
    partial: all !== CASES || cases.length < CASES.length,
    minutes: (Date.now() - started) / 60_000,
    ...measured,
  };
  return printResult(result, options) || !options.strict ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known =
      error instanceof UsageError || error instanceof SettingsError || error instanceof Stopped;
    console.error(known ? error.message : error);
    process.exit(2);
  },
);
