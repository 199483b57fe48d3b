import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import { answerHelp } from '../cli/help';
import { readSettings, SettingsError } from '../config';
import { createDatabase, type Database } from '../db/database';
import { isNotReady, isRefusedByDatabase, MIGRATIONS, requireSchema } from '../db/schema-state';
import { beat, findWorkers, leave } from '../db/workers';
import { createLogger } from '../logger';
import { whenThere } from '../patience';
import { refuseInProduction, requireWebhookKey } from '../production';
import { secretBoxOf } from '../webhooks/secrets';
import { startRelay, type Relay } from '../relay/relay';
import {
  connectNative,
  createTemporalClient,
  dataConverterFor,
  temporalConfig,
  temporalEndpoint,
} from '../temporal/connection';
import { startTracing } from '../tracing';
import { activityLog } from './activity-log';
import { deploymentOptions } from './deployment';
import { createWorkerHealth, serveHealth } from './health';
import { temporalLogging } from './log';
import { keepHeapsTight } from './memory';
import { createMetrics, temporalMetrics } from './metrics';
import { createQueues, type WorkerPart } from './queues';
import { keepStacksShort } from './tuning';

const BEAT_EVERY_MS = 2000;
const SHUTDOWN_GRACE = '10 seconds';

const USAGE = `Usage: npm run start:worker

Runs one worker process against the services that the settings name.`;

const SETTINGS = [
  ...([
    'NODE_ENV',
    'LOG_LEVEL',
    'DATABASE_URL',
    'DATABASE_DIRECT_URL',
    'DATABASE_POOL',
    'DATABASE_PREPARED',
  ] as const),
  ...([
    'SMTP_URL',
    'MAIL_FROM',
    'HOLD_TTL_SECONDS',
    'STRIPE_API_KEY',
    'STRIPE_ACCOUNT',
    'STRIPE_API_URL',
    'TICKET_SIGNING_KEY',
  ] as const),
  ...(['PAYLOAD_ENCRYPTION_KEY', 'PAYLOAD_CLEAR', 'BROWSER_SANDBOX'] as const),
  ...(['WEBHOOK_SECRETS_KEY', 'WEBHOOK_ALLOW_PRIVATE'] as const),
  ...([
    'WORKER_ROLES',
    'WORKER_CACHED_WORKFLOWS',
    'RELAY_STARTS_PER_SECOND',
    'RELAY_LEAST_STARTS_PER_SECOND',
    'METRICS_PORT',
    'METRICS_HOST',
  ] as const),
  ...([
    'WORKER_DEPLOYMENT_NAME',
    'WORKER_BUILD_ID',
    'UNKNOWN_PAYMENTS',
    'TICKET_PDF_DAYS',
  ] as const),
] as const;

/**
 * One worker process. It serves the task queues, and runs the relay, as WORKER_ROLES says (default:
 * all roles).
 */
async function main(): Promise<void> {
  answerHelp(USAGE, [...SETTINGS, 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']);
  keepHeapsTight();
  keepStacksShort();
  const settings = readSettings(SETTINGS);
  refuseInProduction(settings, temporalEndpoint());
  const deployment = deploymentOptions(settings);
  const log = createLogger('worker', settings.LOG_LEVEL);
  const roles = settings.WORKER_ROLES;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, stop);

  const { METRICS_PORT: port, METRICS_HOST: host } = settings;
  const { logger, logging } = temporalLogging(log, settings.LOG_LEVEL);
  const ofTemporal = port === undefined ? null : await temporalMetrics();
  Runtime.install({
    logger,
    telemetryOptions: { logging, ...(ofTemporal && { metrics: ofTemporal.options }) },
    shutdownSignals: [],
  });
  const tracing = await startTracing('holdfast-worker', log);
  const db = createDatabase({
    url: settings.DATABASE_URL,
    pool: settings.DATABASE_POOL,
    prepared: settings.DATABASE_PREPARED === 'on',
    applicationName: 'holdfast-worker',
  });
  // A pooler that cannot keep prepared statements cannot keep a LISTEN either.
  const listenUrl =
    settings.DATABASE_DIRECT_URL ??
    (settings.DATABASE_PREPARED === 'on' ? settings.DATABASE_URL : undefined);
  const housekeeping = {
    refundUnknown: settings.UNKNOWN_PAYMENTS === 'refunded',
    documentDays: settings.TICKET_PDF_DAYS,
  };
  const starts = {
    most: settings.RELAY_STARTS_PER_SECOND,
    least: settings.RELAY_LEAST_STARTS_PER_SECOND,
  };
  const client = createTemporalClient(settings, tracing?.ofClient);
  const health = createWorkerHealth();
  const healthServer =
    port === undefined || ofTemporal === null
      ? undefined
      : await serveHealth({ port, host, health, metrics: createMetrics(db, ofTemporal.text).text });

  let relay: Relay | undefined;
  let connection: NativeConnection | undefined;
  let parts: WorkerPart[] = [];
  try {
    const patience = { log, stopped: stopping.signal };
    const isMigrated = async () => {
      await requireSchema(db, MIGRATIONS);
      if (roles.includes('webhooks')) await requireWebhookKey(db, settings);
      return true;
    };
    if (await whenThere('PostgreSQL', isMigrated, isNotReady, patience)) {
      // The relay starts before Temporal is reached, because its sweep also works without Temporal.
      if (roles.includes('relay'))
        relay = startRelay({ db, client, log, listenUrl, housekeeping, starts });
      connection = await whenThere('Temporal', connectNative, () => true, patience);
    }
    const make = () => createQueues({ settings, db, client, log });
    const queues = connection && (await whenThere('PostgreSQL', make, isNotReady, patience));
    if (connection && queues) {
      parts = queues;
      const { namespace } = temporalConfig();
      const common = {
        connection,
        namespace,
        shutdownGraceTime: SHUTDOWN_GRACE,
        interceptors: {
          activity: [...(tracing ? [tracing.ofActivities] : []), activityLog(log)],
        },
        ...deployment,
        dataConverter: dataConverterFor(settings),
      };
      const workers = await Promise.all(
        parts.map(({ options }) => Worker.create({ ...common, ...options })),
      );
      stopping.signal.addEventListener(
        'abort',
        () => workers.forEach((worker) => worker.shutdown()),
        { once: true },
      );
      const running = workers.map((worker) => worker.run());
      health.watch(workers.map((worker) => () => worker.getState() === 'RUNNING'));
      // Without the key of the endpoints' secrets nothing is sent, so it does not say that it would.
      const served = secretBoxOf(settings) ? roles : roles.filter((role) => role !== 'webhooks');
      if (served.length < roles.length)
        log.warn('without WEBHOOK_SECRETS_KEY this worker sends no webhooks');
      const beating = keepBeating(db, served, {
        written: health.heartbeatWritten,
        stopped: stopping.signal,
      });
      log.info({ roles: served }, 'worker is polling');
      process.send?.('ready');
      if (stopping.signal.aborted) workers.forEach((worker) => worker.shutdown());
      // A worker with only the relay polls no queue. It runs until it is asked to stop.
      await (running.length > 0 ? Promise.all(running) : aborted(stopping.signal));
      stop();
      await beating;
    }
  } finally {
    stop();
    await relay?.stop();
    for (const part of parts) await part.close();
    healthServer?.close();
    await connection?.close();
    await client.connection.close();
    await Promise.race([Promise.all([db.close(), tracing?.stop()]), delay(2000)]);
  }
  log.info('worker has stopped');
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Whether a process of this host has a place among the workers for good reason. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Writes heartbeats until the worker is asked to stop; from then on it takes nothing new, and leaves. It takes the
 * place of those of its roles on this host that ended without leaving, so only what stands still is silent.
 */
async function keepBeating(
  db: Database,
  roles: readonly string[],
  { written, stopped }: { written: () => void; stopped: AbortSignal },
): Promise<void> {
  const host = `${hostname()}:`;
  const id = `${host}${process.pid}:${randomUUID().slice(0, 8)}`;
  const removeDead = async () => {
    for (const other of await findWorkers(db, host, roles)) {
      if (other !== id && !isRunning(parseInt(other.slice(host.length)))) await leave(db, other);
    }
  };
  let areRemoved = false;
  while (!stopped.aborted) {
    try {
      await beat(db, id, roles);
      written();
      if (!areRemoved) await removeDead();
      areRemoved = true;
    } catch {
      // The next heartbeat tries again.
    }
    await delay(BEAT_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
  await leave(db, id).catch(() => undefined);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { code, message, stack } = error as NodeJS.ErrnoException;
    const portIsTaken = /^E(ADDRINUSE|ADDRNOTAVAIL|ACCES)$/.test(code ?? '');
    const line = isRefusedByDatabase(error)
      ? `Setting DATABASE_URL cannot be used: ${message}`
      : portIsTaken
        ? `Settings METRICS_PORT and METRICS_HOST cannot be used: ${message}`
        : error instanceof SettingsError
          ? message
          : (stack ?? message);
    process.stderr.write(`${line}\n`);
    process.exit(1);
  },
);
