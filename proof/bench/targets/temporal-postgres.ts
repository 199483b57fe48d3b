import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { indexedTypesOf, SEARCH_ATTRIBUTES } from '../product';
import { startServices, type Services } from '../../../dev/services';
import { Part, type PartEvents } from '../../../dev/supervisor';
import {
  DATABASES,
  ENVIRONMENT,
  SERVER_ENV,
  writeServerConfig,
  type ServicePorts,
} from './temporal-config';
import { findTemporalServer } from './temporal-server';

const NAMESPACE = 'default';
const RETENTION = '3 days';
const ALREADY_EXISTS = 6; // gRPC's status

export interface TemporalOnPostgresOptions extends PartEvents {
  /** Folder for data, logs and the configuration of this target alone; created if missing. */
  home: string;
  /** PATH, HOME and the like; other variables are ignored. */
  env?: NodeJS.ProcessEnv;
  progress?: (line: string) => void;
  signal?: AbortSignal;
}

/** A running Temporal server and its PostgreSQL, which also has Holdfast's database, as in docker-compose.yml. */
export interface TemporalOnPostgres {
  /** For TEMPORAL_ADDRESS. The namespace is `default`. */
  address: string;
  /** The metrics of the server, for Prometheus. */
  metricsUrl: string;
  /** For DATABASE_URL: Holdfast's database beside Temporal's. */
  databaseUrl: string;
  pids(): { temporal: number; postgres: number };
  /** Ends both. Safe to repeat. */
  stop(): Promise<void>;
}

/** Creates both databases and their schemas, as the one-time service of docker-compose.yml does. Safe to repeat. */
async function makeSchemas(sqlTool: string, postgresUrl: string): Promise<void> {
  const { hostname, port, username, password } = new URL(postgresUrl);
  const env = {
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: hostname,
    SQL_PORT: port,
    SQL_USER: decodeURIComponent(username),
    SQL_PASSWORD: decodeURIComponent(password),
  };
  const run = (database: string, ...args: string[]): Promise<unknown> =>
    promisify(execFile)(sqlTool, args, {
      env: { ...env, SQL_DATABASE: database },
      timeout: 120_000,
    });
  for (const [database, schema] of [
    [DATABASES.history, 'postgresql/v12/temporal'],
    [DATABASES.visibility, 'postgresql/v12/visibility'],
  ] as const) {
    // Quiet: the first two fail when the database exists.
    await run(database, '--quiet', 'create-database');
    await run(database, '--quiet', 'setup-schema', '--version', '0.0');
    await run(database, 'update-schema', '--schema-name', schema);
  }
}

/** Creates the namespace and its search attributes, unless they exist. @returns whether they can be used */
async function prepareNamespace(connection: Connection): Promise<boolean> {
  const { workflowService, operatorService } = connection;
  return connection.withDeadline(Date.now() + 5_000, async () => {
    try {
      await workflowService.registerNamespace({
        namespace: NAMESPACE,
        workflowExecutionRetentionPeriod: msToTs(RETENTION),
      });
    } catch (error) {
      if ((error as { code?: unknown }).code !== ALREADY_EXISTS) throw error;
    }
    const names = Object.values(SEARCH_ATTRIBUTES);
    const { customAttributes } = await operatorService.listSearchAttributes({
      namespace: NAMESPACE,
    });
    const missing = names.filter((name) => !(name in customAttributes));
    if (missing.length === 0) return true;
    const searchAttributes = indexedTypesOf(missing);
    await operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes });
    return false;
  });
}

async function untilUsable(address: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let connection: Connection | undefined;
    try {
      connection = await Connection.connect({ address, connectTimeout: '2s' });
      if (await prepareNamespace(connection)) return;
    } catch {
      // Its services are still joining each other.
    } finally {
      await connection?.close();
    }
    await sleep(200);
  }
}

async function pickPorts({ ports }: Services): Promise<ServicePorts> {
  const pair = async (): Promise<ServicePorts['frontend']> => ({
    rpc: await ports.free(),
    membership: await ports.free(),
  });
  return {
    frontend: await pair(),
    matching: await pair(),
    history: await pair(),
    worker: await pair(),
  };
}

async function startServer(
  services: Services,
  options: TemporalOnPostgresOptions,
): Promise<{ part: Part; address: string; metricsUrl: string }> {
  const { progress = () => undefined, signal } = options;
  const { server, sqlTool } = await findTemporalServer({
    env: options.env ?? process.env,
    progress,
    signal,
  });
  await makeSchemas(sqlTool, services.databaseUrl);
  progress("Temporal's schema is up to date");
  const folder = join(services.home, 'temporal');
  const ports = await pickPorts(services);
  const metricsPort = await services.ports.free();
  writeServerConfig(folder, services.databaseUrl, ports, metricsPort);
  const address = `127.0.0.1:${ports.frontend.rpc}`;
  const part = new Part(
    {
      name: 'temporal-server',
      file: server,
      args: ['--root', folder, '--config', '.', '--env', ENVIRONMENT, '--allow-no-auth', 'start'],
      options: { cwd: folder, env: SERVER_ENV },
      logFile: join(services.home, 'logs', 'temporal.log'),
      recordFolder: services.recordFolder,
      ready: (_child, aborted) => untilUsable(address, aborted),
      readyLimitMs: 90_000,
      stop: [{ signal: 'SIGTERM', limitMs: 20_000 }],
    },
    options,
  );
  await part.start(signal);
  progress(`Temporal on PostgreSQL runs at ${address}`);
  return { part, address, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
}

/**
 * Starts a Temporal server, its four services in one process, on an embedded PostgreSQL that also has Holdfast's database:
 * the system of docker-compose.yml without Docker, as a second target of the benchmark. A stack uses both by
 * `startStack({ env: { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: address } })`, with a home of its own.
 * @throws Error with advice for the user; then nothing is left running
 */
export async function startTemporalOnPostgres(
  options: TemporalOnPostgresOptions,
): Promise<TemporalOnPostgres> {
  const services = await startServices({
    ...options,
    env: { PATH: options.env?.PATH ?? process.env.PATH },
    ports: { PG_PORT: 0 },
    want: ['postgres'],
  });
  try {
    const { part, address, metricsUrl } = await startServer(services, options);
    return {
      address,
      metricsUrl,
      databaseUrl: services.databaseUrl,
      pids: () => ({ temporal: part.pid, postgres: services.pids().postgres }),
      async stop() {
        await part.stop();
        await services.stop();
      },
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}
