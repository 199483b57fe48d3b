import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeMachine } from '../bench/machine';
import { killEverything } from '../../dev/supervisor';
import { saveReport } from '../report/report';
import { renderConsoleTable } from '../product';
import { check } from './check/check';
import { checkReport, comparisonTable, type Compared } from './check/compare';
import { readCosts, writeCosts } from './costs-file';
import { writeDocument } from './document/document';
import { measureCluster, measureEngine } from './measure/measure';
import type { UnitCosts } from './model/costs';
import { readOptions, USAGE, UsageError, type SimulateOptions } from './options';
import { startRealSystem, type RealSystem } from './real/system';
import { reportOf, scale, type ScaleResult } from './scale/scale';

const costsFrom = ({ date, commit, machine }: ReturnType<typeof readCosts>['file']): string =>
  `measured ${date.slice(0, 10)} at ${commit} on ${machine}`;
/** Where a check is kept for the document. */
const checkFile = ({ out }: SimulateOptions): string => resolve(join(out, 'check.json'));
const say = (line: string): void => console.log(line);

/** Does something with a real system of its own, which is gone afterwards, also when it was asked to stop. */
async function withRealSystem<Result>(
  temporal: 'development' | 'cluster',
  stop: AbortSignal,
  work: (system: RealSystem) => Promise<Result>,
): Promise<Result> {
  const system = await startRealSystem({ temporal, signal: stop, progress: say });
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work(system), stopped]);
  } finally {
    await system.stop();
  }
}

async function measure(stop: AbortSignal): Promise<void> {
  const engine = await withRealSystem('development', stop, (system) => measureEngine(system, say));
  const cluster = await withRealSystem('cluster', stop, (system) => measureCluster(system, say));
  const measured = { ...engine, ...cluster } as UnitCosts;
  say(`written: ${writeCosts(measured)}`);
}

async function checkAgainstReal(options: SimulateOptions, stop: AbortSignal): Promise<void> {
  const { costs, file } = readCosts();
  const compared = await withRealSystem('development', stop, (system) => check(system, costs, options.seed, say));
  say(`\n${renderConsoleTable(comparisonTable(compared))}`);
  const { cpu, cores, node } = describeMachine();
  const meta = { Machine: `${cores} cores, ${cpu}, Node ${node}`, 'Unit costs': costsFrom(file) };
  say(`\nReport: ${saveReport(resolve(join(options.out, 'check.html')), checkReport(compared, meta))}`);
  writeFileSync(checkFile(options), JSON.stringify(compared));
}

function readCheck(options: SimulateOptions): Compared[] {
  try {
    return JSON.parse(readFileSync(checkFile(options), 'utf8')) as Compared[];
  } catch {
    throw new UsageError(`${checkFile(options)} cannot be read: run npm run simulate -- --check first`);
  }
}

function simulate({ scenario, deployment, goals, seed, search, out }: SimulateOptions): ScaleResult {
  const { costs, file } = readCosts();
  say(`${scenario.name}: ${scenario.buyers.toLocaleString('en-GB')} buyers, seed ${seed}`);
  const result = scale({ scenario, deployment, costs, goals, seed, search, say });
  for (const table of result.tables) say(`\n${renderConsoleTable(table)}`);
  say(`\nReport: ${saveReport(resolve(join(out, 'scale.html')), reportOf(result, costsFrom(file)))}`);
  return result;
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
  else if (options.mode === 'check') await checkAgainstReal(options, stop.signal);
  else if (options.mode === 'document') {
    const compared = readCheck(options);
    say(`written: ${await writeDocument(readCosts(), compared, simulate(options))}`);
  } else simulate(options);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(1);
  },
);
