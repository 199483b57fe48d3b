import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { createDatabase, sql, type Database, type DatabaseOptions } from '../../src/db/database';
import { TEST_NICENESS } from '../../dev/test/services';
import { startStack, type Stack, type StackOptions } from '../../dev/stack';
import type { DevInfo } from '../../src/cli/dev-info';
import { prepareTemporal } from '../../src/cli/prepare-temporal';
import { createTestNamespace, testServices } from './services';

/** `TestSystem.db` and `.temporal` would belong to another system if these were settings like others. */
type Settings = NodeJS.ProcessEnv & { DATABASE_URL?: never; TEMPORAL_ADDRESS?: never };

type SystemOptions = Pick<StackOptions, 'workerEnv' | 'workers' | 'seed'> & {
  childEnv?: Settings;
  apiEnv?: Settings;
  /** Those of a system before, that was left, or a database that the test has made; else new ones. */
  databaseUrl?: string;
  namespace?: string;
  /** Where its processes reach the same database and Temporal, if not where the test does. */
  reachedAt?: { databaseUrl: string; temporalAddress?: string };
};

/** A whole system of its own for one test file: API and workers as real processes, a database and a namespace of its own. */
export interface TestSystem {
  stack: Stack;
  info: DevInfo;
  db: Database;
  temporal: Client;
  stop(): Promise<void>;
  /** Stops all but keeps the database, for another system. */
  leave(): Promise<void>;
}

/** Runs one statement on the server's own database. */
async function onServer(name: string, statement: string): Promise<void> {
  const { databaseUrl: url } = testServices();
  const admin = createDatabase({
    url,
    pool: 1,
    prepared: false,
    applicationName: 'holdfast-test',
    // Many tests may begin at once, and a database that is dropped waits for a checkpoint.
    connectTimeoutMs: 60_000,
    queryTimeoutMs: 120_000,
  });
  await admin.run(sql(name, statement));
  await admin.close();
}

async function copyOf(template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer('create_database', `create database ${name} template ${template}`);
  const url = new URL(testServices().databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Makes an empty database. @returns its address */
export const createTestDatabase = (): Promise<string> => copyOf('template1');

/** Makes a database with the schema. @returns its address */
const createMigratedDatabase = (): Promise<string> => copyOf(process.env.HOLDFAST_TEST_TEMPLATE!);

/** Copies a database that nobody uses, as a backup does. @returns the copy's address */
export const copyTestDatabase = (original: string): Promise<string> =>
  copyOf(new URL(original).pathname.slice(1));

/** Of kept services: a run leaves no database behind. */
export const dropTestDatabase = (url: string): Promise<void> =>
  onServer(
    'drop_database',
    `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`,
  );

/** Makes a database with the schema. @returns connected to it */
export async function openTestDatabase(
  options: Partial<DatabaseOptions> & { pool: number },
): Promise<Database> {
  const url = await createMigratedDatabase();
  return createDatabase({ prepared: true, applicationName: 'holdfast-test', ...options, url });
}

/** Makes a namespace as `npm run migrate` leaves it. @returns its name */
export async function createMigratedNamespace(): Promise<string> {
  const namespace = await createTestNamespace();
  const connection = await Connection.connect({ address: testServices().temporalAddress });
  await prepareTemporal(connection, namespace);
  await connection.close();
  return namespace;
}

/** A worker that sends webhooks too; without them it starts one thread less. */
export const WITH_WEBHOOKS: SystemOptions = {
  workers: ['reservations,documents,mail,webhooks,relay'],
};

export async function startSystem({
  databaseUrl: kept,
  namespace: known,
  reachedAt,
  ...options
}: SystemOptions = {}): Promise<TestSystem> {
  const services = testServices();
  const isNew = !known && !kept;
  const [namespace, databaseUrl] = await Promise.all([
    known ?? createMigratedNamespace(),
    kept ?? createMigratedDatabase(),
  ]);
  const home = mkdtempSync(join(services.home, 'system-'));
  const stack = await startStack({
    home,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: services.temporalAddress,
      TEMPORAL_NAMESPACE: namespace,
      SMTP_URL: services.smtpUrl,
    },
    ports: { PORT: 0 },
    workers: ['reservations,documents,mail,relay'],
    migrated: isNew,
    seed: false,
    backgroundNiceness: TEST_NICENESS,
    ...options,
    childEnv: {
      RATE_LIMIT: 'off',
      ...options.childEnv,
      ...(reachedAt && { DATABASE_URL: reachedAt.databaseUrl }),
      ...(reachedAt?.temporalAddress && { TEMPORAL_ADDRESS: reachedAt.temporalAddress }),
    },
  });
  const db = createDatabase({
    url: databaseUrl,
    pool: 4,
    prepared: true,
    applicationName: 'holdfast-test',
    queryTimeoutMs: 120_000,
  });
  const connection = await Connection.connect({ address: services.temporalAddress });
  const leave = async () => {
    await db.close();
    await connection.close();
    await stack.stop();
    rmSync(home, { recursive: true, force: true });
  };
  return {
    stack,
    info: stack.info(),
    db,
    temporal: new Client({ connection, namespace }),
    leave,
    async stop() {
      await leave();
      await dropTestDatabase(databaseUrl);
    },
  };
}
