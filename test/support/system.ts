import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { createDatabase, sql, type Database } from '../../src/db/database';
import { startStack, type Stack, type StackOptions } from '../../dev/stack';
import type { DevInfo } from '../../src/cli/dev-info';
import { NAMESPACES, testServices } from './services';

type SystemOptions = Pick<StackOptions, 'childEnv' | 'apiEnv' | 'workerEnv' | 'workers' | 'seed'>;

/** A whole system of its own for one test file: API and workers as real processes, a database and a namespace of its own. */
export interface TestSystem {
  stack: Stack;
  info: DevInfo;
  db: Database;
  temporal: Client;
  stop(): Promise<void>;
}

/** Takes the next namespace that no other file has: whoever makes the folder has it. */
function takeNamespace(home: string): string {
  for (let index = 0; index < NAMESPACES; index++) {
    try {
      mkdirSync(join(home, `namespace-${index}`));
      return `test-${index}`;
    } catch {
      // Another file has it.
    }
  }
  throw new Error(`All ${NAMESPACES} test namespaces are taken: raise NAMESPACES`);
}

/** Makes an empty database. @returns its address */
export async function createTestDatabase(): Promise<string> {
  const { databaseUrl } = testServices();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = createDatabase({ url: databaseUrl, pool: 1, prepared: false, applicationName: 'holdfast-test' });
  await admin.run(sql('create_database', `create database ${name}`));
  await admin.close();
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function startSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const services = testServices();
  const namespace = takeNamespace(services.home);
  const databaseUrl = await createTestDatabase();
  const stack = await startStack({
    home: mkdtempSync(join(services.home, 'system-')),
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
    seed: false,
    ...options,
    childEnv: { RATE_LIMIT: 'off', ...options.childEnv },
  });
  const db = createDatabase({
    url: databaseUrl,
    pool: 4,
    prepared: true,
    applicationName: 'holdfast-test',
    queryTimeoutMs: 30_000,
  });
  const connection = await Connection.connect({ address: services.temporalAddress });
  return {
    stack,
    info: stack.info(),
    db,
    temporal: new Client({ connection, namespace }),
    async stop() {
      await db.close();
      await connection.close();
      await stack.stop();
    },
  };
}
