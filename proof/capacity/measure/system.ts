import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeHome } from '../../home';
import { baseEnv } from '../../base-env';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { createDatabase, type Database } from '../../product';
import { startLoad, type Load } from '../../bench/load/driver';
import {
  startTemporalOnPostgres,
  type TemporalOnPostgres,
} from '../../bench/targets/temporal-postgres';
import { startStack, type Stack } from '../../../dev/stack';

/** Each role has a process of its own, so that its CPU time can be told from that of the others. */
const WORKERS = ['reservations', 'relay', 'documents', 'mail'] as const;
type Role = (typeof WORKERS)[number] | 'api' | 'postgres' | 'temporal' | 'temporal-database';

/** A running deployment to measure: all on this machine, Temporal with a PostgreSQL of its own as in production. */
export interface MeasuredSystem {
  stack: Stack;
  db: Database;
  temporal: TemporalClient;
  load: Load;
  pidOf(role: Role): number;
  temporalMetricsUrl: string;
  stop(): Promise<void>;
}

/** Starts a deployment on free ports in a temporary folder, which `stop` removes. */
export async function startMeasuredSystem(options: {
  signal: AbortSignal;
  progress: (line: string) => void;
}): Promise<MeasuredSystem> {
  const home = makeHome('holdfast-capacity');
  let cluster: TemporalOnPostgres | undefined;
  try {
    cluster = await startTemporalOnPostgres({
      home: join(home, 'temporal'),
      env: baseEnv(),
      ...options,
    });
    const stack = await startStack({
      home: join(home, 'stack'),
      env: {
        ...baseEnv(),
        RATE_LIMIT: 'off',
        LOG_LEVEL: 'warn',
        TEMPORAL_ADDRESS: cluster.address,
        TEMPORAL_NAMESPACE: 'default',
      },
      ports: {
        PORT: 0,
        PG_PORT: 0,
        TEMPORAL_PORT: 0,
        TEMPORAL_UI_PORT: 0,
        SMTP_PORT: 0,
        MAIL_UI_PORT: 0,
      },
      workers: WORKERS,
      seed: false,
      ...options,
    });
    return await openSystem(home, stack, cluster);
  } catch (error) {
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

async function openSystem(
  home: string,
  stack: Stack,
  cluster: TemporalOnPostgres,
): Promise<MeasuredSystem> {
  const { databaseUrl, temporalAddress, temporalNamespace } = stack.info();
  const db = createDatabase({
    url: databaseUrl,
    pool: 2,
    prepared: false,
    applicationName: 'holdfast-capacity',
    queryTimeoutMs: 120_000,
  });
  const connection = Connection.lazy({ address: temporalAddress });
  const load = await startLoad(join(stack.logFolder, 'load.log'));
  return {
    stack,
    db,
    temporal: new TemporalClient({ connection, namespace: temporalNamespace }),
    load,
    pidOf(role) {
      const { api, workers, postgres } = stack.pids();
      if (role === 'api') return api;
      if (role === 'postgres') return postgres;
      if (role === 'temporal') return cluster.pids().temporal;
      if (role === 'temporal-database') return cluster.pids().postgres;
      return workers[WORKERS.indexOf(role)]!;
    },
    temporalMetricsUrl: cluster.metricsUrl,
    async stop() {
      await load.close();
      await db.close();
      await connection.close();
      await stack.stop();
      await cluster.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
