import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SettingsError } from '../config';
import { migrate, MigrationRefused } from '../db/migrate';
import { isRefusedByDatabase, MIGRATIONS } from '../db/schema-state';
import {
  indexedTypesOf,
  SEARCH_ATTRIBUTES,
  SEARCH_ATTRIBUTE_TYPES,
} from '../contracts/reservation';
import { temporalConfig } from '../temporal/connection';
import { answerHelp } from './help';
import { directDatabaseUrl } from './system';

const USAGE = `Usage: npm run migrate

Brings the schema up to date and, where TEMPORAL_ADDRESS names a server, makes the search attributes. Safe to repeat.`;

const ATTEMPTS = 5;
const INVALID_ARGUMENT = 3; // gRPC's statuses
const NOT_FOR_US = [7, 12]; // PERMISSION_DENIED, UNIMPLEMENTED

/**
 * Uses a call that every client may make, because Temporal Cloud does not let clients list search
 * attributes.
 */
async function isKnown(
  { workflowService }: Connection,
  namespace: string,
  name: string,
): Promise<boolean> {
  try {
    await workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'held'` });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === INVALID_ARGUMENT) return false;
    throw error;
  }
}

/** Registers the search attributes in Temporal; existing ones are left unchanged. */
async function registerSearchAttributes(): Promise<void> {
  const { connectionOptions, namespace } = temporalConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    const names = Object.values(SEARCH_ATTRIBUTES);
    const known = await Promise.all(names.map((name) => isKnown(connection, namespace, name)));
    const missing = names.filter((_, index) => !known[index]);
    if (missing.length === 0) return;
    await connection.operatorService
      .addSearchAttributes({ namespace, searchAttributes: indexedTypesOf(missing) })
      .catch((error: unknown) => {
        if (!NOT_FOR_US.includes((error as { code: number }).code)) throw error;
        const flags = missing
          .map((name) => `--search-attribute ${name}=${SEARCH_ATTRIBUTE_TYPES[name]}`)
          .join(' ');
        throw new SettingsError(
          `Temporal does not let us make search attributes. Make them yourself, then migrate again; in Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${flags}`,
        );
      });
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
      await registerSearchAttributes();
      console.log('The search attributes are registered.');
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
