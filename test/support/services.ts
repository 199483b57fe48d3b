import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the run's Postgres, Temporal and mail catcher are: made by the global set-up, shared by all test files. */
export interface TestServices {
  databaseUrl: string;
  temporalAddress: string;
  smtpUrl: string;
  mailUrl: string;
  home: string;
}

export const NAMESPACES = 48;
const servicesFile = () => process.env.HOLDFAST_TEST_SERVICES ?? join(tmpdir(), 'holdfast-test-services.json');

export function testServices(): TestServices {
  return JSON.parse(readFileSync(servicesFile(), 'utf8')) as TestServices;
}
