import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeHome } from '../home';
import { killEverything } from '../../dev/supervisor';
import { saveReport } from '../report/report';
import { renderConsoleTable } from '../product';
import { readOptions, USAGE, UsageError, type ChaosOptions } from './options';
import { chaosReport, resultTables, verdictOf } from './result';
import { runChaos } from './run';

/** npm repeats the Ctrl-C that the terminal has sent; only a later signal counts as a second one. */
const SAME_REQUEST_MS = 1_000;

/** The first signal ends the run in order; one more ends everything at once. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let askedAt = 0;
  const ask = (): void => {
    if (!stop.signal.aborted) {
      askedAt = Date.now();
      console.log('stopping (once more: at once)');
      stop.abort(new Error('stopped'));
    } else if (Date.now() - askedAt > SAME_REQUEST_MS) {
      killEverything();
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  return stop.signal;
}

/** @returns whether every promise held */
async function run(options: ChaosOptions, stop: AbortSignal): Promise<boolean> {
  const home = makeHome('holdfast-chaos');
  const started = new Date().toISOString().replace(/[:.]/g, '-');
  const folder = resolve(options.out, `${started}-seed-${options.seed}`);
  mkdirSync(folder, { recursive: true });
  console.log(
    `chaos for ${options.minutes} minutes, seed ${options.seed}; journal and report in ${folder}`,
  );
  let keep = true;
  try {
    const result = await runChaos({
      options,
      home,
      folder,
      stop,
      say: (line) => console.log(line),
    });
    const verdict = verdictOf(result);
    const report = saveReport(join(folder, 'report.html'), chaosReport(result));
    for (const table of resultTables(result)) console.log(`\n${renderConsoleTable(table)}`);
    console.log(`\n${verdict.text} Report: ${report}`);
    keep = !verdict.ok;
    if (keep) console.log(`seed ${options.seed}; the data and logs of the system are in ${home}`);
    return verdict.ok;
  } catch (error) {
    if (stop.aborted) keep = false;
    else console.error(`seed ${options.seed}; the data and logs of the system are in ${home}`);
    throw error;
  } finally {
    if (!keep) rmSync(home, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Every process that was started ends with this one.
  process.on('exit', killEverything);
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const stop = listenForStop();
  try {
    process.exitCode = (await run(options, stop)) ? 0 : 1;
  } catch (error) {
    if (!stop.aborted) throw error;
    process.exitCode = 1;
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(1);
  },
);
