import { readFile } from 'node:fs/promises';
import { readSettings, SettingsError } from '../config';
import { createDatabase } from '../db/database';
import { findEvent } from '../db/events';
import { importSeats } from '../db/seat-import';
import { MAX_FAULTS, tellFault } from '../domain/seat-csv';
import { answerHelp } from './help';
import { findSystem } from './system';

const USAGE = `Usage: npm run import -- EVENT FILE.csv

Adds the seats of a CSV file in UTF-8 to an event, all or none. The first line names the columns: section, row, number,
category, and if you like x, y, accessible, companion. Lines of one section and row are neighbours in their order; a line
without a number is an aisle, one without a row a place of general admission. The event is in the database that
DATABASE_URL names, else in that of the running \`npm run dev\`.`;

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SettingsError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function main(): Promise<void> {
  answerHelp(USAGE, ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'HOLDFAST_HOME']);
  const [name, path, ...more] = process.argv.slice(2);
  if (name === undefined || path === undefined || more.length > 0) throw new SettingsError(USAGE);
  const bytes = await readBytes(path);
  const { databaseUrl } = findSystem(readSettings(['HOLDFAST_HOME']).HOLDFAST_HOME);
  const db = createDatabase({
    url: databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-import',
    queryTimeoutMs: 60_000,
  });
  try {
    const event = await findEvent(db, name);
    if (!event) throw new SettingsError(`There is no event ${name}: name its slug or its id.`);
    const result = await importSeats(db, event.id, bytes, { actor: 'operator:import' }, null);
    if (result.kind === 'added') console.log(`${result.seats} seats were added to ${event.slug}`);
    if (result.kind !== 'faults') return;
    const { faults } = result;
    const first = faults.length === MAX_FAULTS ? ` The first ${MAX_FAULTS} faults:` : '';
    throw new SettingsError(
      `${path} was not imported, nothing was added.${first}\n${faults.map(tellFault).join('\n')}`,
    );
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
});
