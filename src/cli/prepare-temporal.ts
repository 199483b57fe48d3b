import { Client, type Connection } from '@temporalio/client';
import { SettingsError } from '../config';
import { indexedTypesOf, SEARCH_ATTRIBUTE_TYPES } from '../contracts/reservation';
import { missingSearchAttributes } from '../temporal/search-attributes';
import { updateHousekeepingSchedule } from '../worker/housekeeping-schedule';

const NOT_FOR_US = [7, 12]; // gRPC's PERMISSION_DENIED, UNIMPLEMENTED

/** Registers the search attributes that are missing; existing ones are left unchanged. */
async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
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
}

/**
 * Gives the namespace what this release needs there: the search attributes and the housekeeping
 * schedule. Safe to repeat, and beside running workers.
 * @throws SettingsError when we may not make search attributes; else what Temporal answers
 */
export async function prepareTemporal(connection: Connection, namespace: string): Promise<void> {
  await registerSearchAttributes(connection, namespace);
  await updateHousekeepingSchedule(new Client({ connection, namespace }));
}
