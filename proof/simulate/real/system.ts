import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { createDatabase, type Database } from '../../product';
import { startTemporalOnPostgres, type TemporalOnPostgres } from '../../bench/targets/temporal-postgres';
import { startStack, type Stack } from '../../../dev/stack';
import { metricsUrlOf } from '../measure/temporal-metrics';
import { createShop, type Shop } from './shop';

/** Each role in a process of its own, so that its CPU time can be told from the others'. */
const WORKERS = ['reservations', 'relay', 'documents', 'mail'] as const;
type Role = (typeof WORKERS)[number];

/** A real, running system to measure and to compare with. */
export interface RealSystem {
  stack: Stack;
  db: Database;
  temporal: TemporalClient;
  shop: Shop;
  /** The process with this role. */
  pidOf(role: Role | 'api' | 'postgres' | 'temporal' | 'temporal-database' | 'mail-catcher'): number;
  /** Where Temporal tells its own figures. */
  temporalMetricsUrl(): string;
  stop(): Promise<void>;
}

/** What a process needs to run at all; no setting of the user's has a say here. */
const baseEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'PUPPETEER_EXECUTABLE_PATH'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );

/**
 * Starts a whole system of its own, on free ports, in a folder that is gone afterwards.
 * @param temporal `development`: the server of `npm run dev`, SQLite in its own process; `cluster`: the server of a
 *   production, with a PostgreSQL of its own
 */
export async function startRealSystem(options: {
  temporal: 'development' | 'cluster';
  signal: AbortSignal;
  progress: (line: string) => void;
}): Promise<RealSystem> {
  const { temporal, signal, progress } = options;
  const home = mkdtempSync(join(tmpdir(), 'holdfast-simulate-'));
  // As root, Postgres runs as a user of its own, who must reach its data here; what is secret has its own mode.
  chmodSync(home, 0o711);
  let cluster: TemporalOnPostgres | undefined;
  try {
    if (temporal === 'cluster') {
      cluster = await startTemporalOnPostgres({ home: join(home, 'cluster'), env: baseEnv(), signal, progress });
    }
    const stack = await startStack({
      home: join(home, 'stack'),
      env: {
        ...baseEnv(),
        RATE_LIMIT: 'off',
        LOG_LEVEL: 'warn',
        ...(cluster && { TEMPORAL_ADDRESS: cluster.address, TEMPORAL_NAMESPACE: 'default' }),
      },
      ports: { PORT: 0, PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
      workers: WORKERS,
      seed: false,
      signal,
      progress,
    });
    return openSystem(home, stack, cluster);
  } catch (error) {
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

function openSystem(home: string, stack: Stack, cluster: TemporalOnPostgres | undefined): RealSystem {
  const { apiUrl, databaseUrl, temporalAddress, temporalNamespace, keys, webhookSecrets } = stack.info();
  const db = createDatabase({
    url: databaseUrl,
    pool: 2,
    prepared: false,
    applicationName: 'holdfast-simulate',
    queryTimeoutMs: 120_000,
  });
  const connection = Connection.lazy({ address: temporalAddress });
  return {
    stack,
    db,
    temporal: new TemporalClient({ connection, namespace: temporalNamespace }),
    shop: createShop({ apiUrl, keys, webhookSecret: webhookSecrets.standard }),
    pidOf(role) {
      const { api, workers, postgres, temporal, mail } = stack.pids();
      if (role === 'api') return api;
      if (role === 'postgres') return postgres;
      if (role === 'temporal') return cluster?.pids().temporal ?? temporal;
      if (role === 'temporal-database') return cluster?.pids().postgres ?? 0;
      if (role === 'mail-catcher') return mail;
      return workers[WORKERS.indexOf(role)]!;
    },
    temporalMetricsUrl: () => cluster?.metricsUrl ?? metricsUrlOf(stack.pids().temporal),
    async stop() {
      await db.close();
      await connection.close();
      await stack.stop();
      await cluster?.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
