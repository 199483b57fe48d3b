import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SettingsError } from '../config';
import { migrate, MigrationRefused } from '../db/migrate';
import { isRefusedByDatabase, MIGRATIONS } from '../db/schema-state';
import { temporalConfig } from '../temporal/connection';
import { answerHelp } from './help';
import { prepareTemporal } from './prepare-temporal';
import { directDatabaseUrl } from './system';

const USAGE = `Usage: npm run migrate

Brings the schema up to date and, where TEMPORAL_ADDRESS names a server, makes the search attributes and the
housekeeping schedule, or brings the schedule up to date. Safe to repeat.`;

const ATTEMPTS = 5;

async function connectAndPrepare(): Promise<void> {
  const { connectionOptions, namespace } = temporalConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    await prepareTemporal(connection, namespace);
  } finally {
    await connection.close();
  }
}

async function main(): Promise<void> {
  answerHelp(USAGE, [
    'DATABASE_URL',
    'DATABASE_DIRECT_URL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
  ]);
  const applied = await migrate(directDatabaseUrl(), MIGRATIONS, (line) => console.log(line));
  console.log(applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.');
  if (!process.env.TEMPORAL_ADDRESS) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await connectAndPrepare();
      console.log('Temporal has the search attributes and the housekeeping schedule.');
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || error instanceof SettingsError) throw error;
      await delay(1000 * attempt);
    }
  }
}

main().catch((error: unknown) => {
  const isExplained = error instanceof SettingsError || error instanceof MigrationRefused;
  console.error(
    isRefusedByDatabase(error)
      ? `Setting DATABASE_URL or DATABASE_DIRECT_URL cannot be used: ${(error as Error).message}`
      : isExplained
        ? error.message
        : error,
  );
  process.exit(1);
});
