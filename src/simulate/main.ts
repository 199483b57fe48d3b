import { join, resolve } from 'node:path';
import { killEverything } from '../dev/supervisor';
import { saveReport } from '../report/report';
import { renderConsoleTable } from '../report/table';
import { readCosts, writeCosts } from './costs-file';
import { measureCosts } from './measure/measure';
import { readOptions, USAGE, UsageError, type SimulateOptions } from './options';
import { startRealSystem } from './real/system';
import { scaleReport, summaryTable, useTable } from './scale/report';
import { runScale } from './scale/run';

const say = (line: string): void => console.log(line);

async function measure(stop: AbortSignal): Promise<void> {
  const system = await startRealSystem(stop, say);
  try {
    say(`written: ${writeCosts(await measureCosts(system, say))}`);
  } finally {
    await system.stop();
  }
}

function scale({ scenario, deployment, seed, out }: SimulateOptions): void {
  const { costs, file } = readCosts();
  say(`${scenario.name}: ${scenario.buyers.toLocaleString('en-GB')} buyers, seed ${seed}`);
  const run = runScale(scenario, deployment, costs, { seed });
  for (const table of [summaryTable(run), useTable(run)]) say(`\n${renderConsoleTable(table)}`);
  const report = scaleReport(run, [], `measured ${file.date.slice(0, 10)} at ${file.commit} on ${file.machine}`);
  say(`\nReport: ${saveReport(resolve(join(out, 'scale.html')), report)}`);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    say(USAGE);
    return;
  }
  // Nothing that was started outlives us, whatever ends us.
  process.on('exit', killEverything);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort(new Error('stopped')));
  if (options.mode === 'measure') await measure(stop.signal);
  else scale(options);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(1);
  },
);
