import { killEverything } from '../../dev/supervisor';
import { renderConsoleTable } from '../product';
import type { UnitCosts } from './costs';
import { readCosts, writeCosts } from './costs-file';
import { writeDocument } from './document';
import { measureCosts } from './measure/measure';
import { startMeasuredSystem } from './measure/system';
import { readOptions, USAGE, UsageError } from './options';
import { capacityTables, describeSale } from './tables';

/** The user stopped the measurement. */
class Stopped extends Error {}

const say = (line: string): void => console.log(line);

/** Measures on a system of its own, which is stopped afterwards, also on a signal. */
async function measure(): Promise<UnitCosts> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => stop.abort(new Stopped('stopped')));
  const system = await startMeasuredSystem({ signal: stop.signal, progress: say });
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), {
      once: true,
    });
  });
  try {
    return await Promise.race([measureCosts(system, say), stopped]);
  } finally {
    await system.stop();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    say(USAGE);
    return;
  }
  if (options.mode === 'measure') {
    process.on('exit', killEverything);
    say(`Written: ${writeCosts(await measure())}`);
    return;
  }
  const known = readCosts();
  if (options.mode === 'document') {
    say(`Written: ${writeDocument(known)}`);
    return;
  }
  say(describeSale(options.sale));
  for (const table of Object.values(capacityTables(options.sale, known.costs))) {
    say(`\n${renderConsoleTable(table)}`);
    if (table.note !== undefined) say(table.note);
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof UsageError || error instanceof Stopped ? error.message : error);
    process.exit(1);
  },
);
