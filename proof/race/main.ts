import {
  answerHelp,
  readSettings,
  SettingsError,
  findSystem,
  renderConsoleTable,
} from '../product';
import { saveReport } from '../report/report';
import { OptionsError, RACE_USAGE, readRaceOptions, type RaceOptions } from './options';
import { complaints, countRace, groupTable, raceReport, raceTable, verdictOf } from './report';
import { runRace, type RaceResult } from './run';

const MAX_COMPLAINTS = 20;

/**
 * One line that is overwritten while the race runs; nothing is printed when the output is not a
 * terminal.
 */
function progressLine(): { show: (line: string) => void; clear: () => void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show: (line) => void stderr.write(`\r\x1b[2K${line}`),
    clear: () => void stderr.write('\r\x1b[2K'),
  };
}

function print(result: RaceResult, options: RaceOptions, reportFile: string): void {
  console.log(
    `\n${options.buyers} buyers, ${options.seats} ${options.seats === 1 ? 'seat' : 'seats'}, event ${result.event}\n`,
  );
  const { note: _note, ...table } = raceTable(result);
  console.log(`${renderConsoleTable(table)}\n\n${renderConsoleTable(groupTable(result))}\n`);
  const bad = complaints(result);
  for (const line of bad.slice(0, MAX_COMPLAINTS)) console.log(`✗ ${line}`);
  if (bad.length > MAX_COMPLAINTS) console.log(`  and ${bad.length - MAX_COMPLAINTS} more`);
  const { ok, text } = verdictOf(result);
  console.log(`${ok ? '✓' : '✗'} ${text}`);
  if (result.released !== null)
    console.log(`Released ${result.released} of ${countRace(result).won} holds.`);
  console.log(`Report: ${reportFile}`);
}

/**
 * Races buyers for seats. Exit code 0: every requested seat has exactly one winner; 1: not; 2: the
 * race was not possible.
 */
async function main(): Promise<number> {
  answerHelp(RACE_USAGE, ['PORT', 'HOLDFAST_HOME']);
  const options = readRaceOptions(process.argv.slice(2));
  const { apiUrl, clientKey } = findSystem(readSettings(['HOLDFAST_HOME']).HOLDFAST_HOME);
  if (!clientKey) {
    throw new OptionsError(
      'No client key: start `npm run dev`, or set HOLDFAST_KEY (and HOLDFAST_URL or PORT)',
    );
  }
  const progress = progressLine();
  try {
    const result = await runRace(options, { apiUrl, key: clientKey }, progress.show);
    progress.clear();
    print(result, options, saveReport(options.out, raceReport(result, options, apiUrl)));
    return verdictOf(result).ok ? 0 : 1;
  } catch (error) {
    progress.clear();
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') {
      throw new OptionsError(
        `No server answers at ${apiUrl}: start \`npm run dev\`, or set HOLDFAST_URL`,
      );
    }
    throw error;
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(
      error instanceof OptionsError || error instanceof SettingsError ? error.message : error,
    );
    process.exitCode = 2;
  },
);
