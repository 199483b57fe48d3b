import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { readSettings, SettingsError } from '../config';
import { migrate } from '../db/migrate';
import { SEARCH_ATTRIBUTES } from '../contracts/reservation';
import { temporalConfig } from '../temporal/connection';

const KEYWORD = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
const ATTEMPTS = 5;

/** Registers the search attributes in a given Temporal; one that has them already is left as it is. */
async function registerSearchAttributes(): Promise<void> {
  const { connectionOptions, namespace } = temporalConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in known.customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } finally {
    await connection.close();
  }
}

async function main(): Promise<void> {
  const { DATABASE_URL: url } = readSettings(['DATABASE_URL']);
  const applied = await migrate(url, join(__dirname, '../../migrations'));
  console.log(applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.');
  if (!process.env.TEMPORAL_ADDRESS) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await registerSearchAttributes();
      console.log('The search attributes are registered.');
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(1000 * attempt);
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
});
