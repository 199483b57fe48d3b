import { join } from 'node:path';
import { findChromium } from './chromium';
import { createDevInfoPublisher, type DevInfoPublisher } from './dev-info';
import type { DevInfo } from './product';
import { keepSecrets, type Secrets } from './secrets';
import { SERVICE_NAMES, startServices, type Services, type ServicesOptions } from './services';
import { defineApi, defineWorkers } from './stack-parts';
import { ensureBuilt, prepareDatabase } from './steps';
import type { Part, PartEvents } from './supervisor';

/**
 * Documents have a worker of their own, so that a browser that uses much memory or time does not
 * affect reservations.
 */
const WORKERS = ['reservations,mail,webhooks,relay', 'documents'] as const;

export interface StackOptions extends Omit<ServicesOptions, 'want' | 'onFailure'> {
  /** The WORKER_ROLES of each worker process. */
  workers?: readonly string[];
  /**
   * Settings for all our processes, for the API only, and for the workers only; later ones override
   * earlier ones.
   */
  childEnv?: NodeJS.ProcessEnv;
  apiEnv?: NodeJS.ProcessEnv;
  workerEnv?: NodeJS.ProcessEnv;
  /** Whether `npm run migrate` has been run on its database and its namespace; default false. */
  migrated?: boolean;
  /** Whether to create the demo events if there are none; default true. */
  seed?: boolean;
}

/** A running system. */
export interface Stack {
  services: Services;
  /** The current content of `dev.json`. */
  info(): DevInfo;
  /**
   * The process ids of `dev.json`, and of the mail catcher. Callers may kill, freeze (SIGSTOP) and
   * continue these processes.
   */
  pids(): DevInfo['pids'] & { mail: number };
  /**
   * A supervised process, which can be kept down for a while: `api`, `worker-1`, …, `postgres`,
   * `temporal`, `mail`.
   */
  part(name: string): Part | undefined;
  /** The Prometheus pages of the workers, in their order. */
  workerMetricsUrls: readonly string[];
  logFolder: string;
  /** Resolves when a part keeps failing and is not started again. */
  failed: Promise<Error>;
  /** Ends everything in reverse order of the start. Safe to repeat. */
  stop(): Promise<void>;
}

/** The user's own settings for Temporal or a database do not apply when that service is ours. */
function childSettings(
  services: Services,
  secrets: Secrets,
  options: StackOptions,
): NodeJS.ProcessEnv {
  const env = options.env ?? process.env;
  const isForAnother = (name: string): boolean =>
    (name.startsWith('TEMPORAL_') && services.part('temporal') !== undefined) ||
    (name === 'DATABASE_DIRECT_URL' && services.part('postgres') !== undefined);
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !isForAnother(name))),
    DATABASE_URL: services.databaseUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
    TEMPORAL_NAMESPACE: services.temporalNamespace,
    SMTP_URL: services.smtpUrl,
    HOLDFAST_HOME: services.home,
    // No load balancer has to see that it stops.
    DRAIN_SECONDS: env.DRAIN_SECONDS || '0',
    // A page that is being written may be anywhere.
    CORS_ORIGINS: env.CORS_ORIGINS || '*',
    STRIPE_WEBHOOK_SECRET: env.STRIPE_WEBHOOK_SECRET || secrets.webhookSecrets.stripe,
    STANDARD_WEBHOOK_SECRET: env.STANDARD_WEBHOOK_SECRET || secrets.webhookSecrets.standard,
    ...options.childEnv,
  };
}
/** Starts all parts at once. The first error is thrown after all have settled. */
async function startTogether(
  parts: readonly Part[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const starting = parts.map((part) => part.start(signal));
  await Promise.allSettled(starting);
  await Promise.all(starting);
}

/** The processes of a stack; filled in while they are started. */
interface Processes {
  services: Services;
  api: Part;
  workers: readonly Part[];
}

function findPart({ services, api, workers }: Processes, name: string): Part | undefined {
  const service = SERVICE_NAMES.find((candidate) => candidate === name);
  return service ? services.part(service) : [api, ...workers].find((part) => part.name === name);
}

function pidsOf({ services, api, workers }: Processes): ReturnType<Stack['pids']> {
  return { api: api.pid, workers: workers.map(({ pid }) => pid), ...services.pids() };
}

/** The first of several secrets; there are several during a rotation. */
const firstOf = (setting: string | undefined): string => setting?.split(',')[0] ?? '';

function describe(
  processes: Processes,
  apiUrl: string,
  env: NodeJS.ProcessEnv,
  secrets: Secrets,
): DevInfo {
  const { services } = processes;
  const { api, workers, postgres, temporal } = pidsOf(processes);
  return {
    apiUrl,
    databaseUrl: services.databaseUrl,
    temporalAddress: services.temporalAddress,
    temporalNamespace: services.temporalNamespace,
    temporalUiUrl: services.temporalUiUrl,
    mailUrl: services.mailUrl,
    keys: secrets.keys,
    webhookSecrets: {
      stripe: firstOf(env.STRIPE_WEBHOOK_SECRET),
      standard: firstOf(env.STANDARD_WEBHOOK_SECRET),
    },
    pids: { api, workers, postgres, temporal },
  };
}

type OwnProcesses = Omit<Stack, 'failed'>;

/** Builds, prepares the database, and starts our processes on running services. */
async function startOwn(
  services: Services,
  options: StackOptions,
  context: { events: PartEvents; signal: AbortSignal; publisher: DevInfoPublisher },
): Promise<OwnProcesses> {
  const { events, signal, publisher } = context;
  const { home } = services;
  const secrets = keepSecrets(home);
  const env = childSettings(services, secrets, options);
  await ensureBuilt({ home, env: process.env, signal });
  const chromium = await findChromium(env);
  const { migrated = false, seed = true } = options;
  await prepareDatabase({ home, env, signal }, secrets, { migrated, seed });
  options.progress?.('the database is ready');

  const pages = {
    DEV_TEMPORAL_UI_URL: services.temporalUiUrl,
    DEV_MAIL_URL: services.mailUrl,
    ...(services.temporalUiUrl !== '' && { TEMPORAL_UI_URL: services.temporalUiUrl }),
  };
  const { part: api, apiUrl } = await defineApi({
    services,
    events,
    env: { SHOP_WINDOW_KEY: secrets.keys.publishable, ...env, ...pages, ...options.apiEnv },
  });
  const workerEnv = {
    ...env,
    ...(chromium && { PUPPETEER_EXECUTABLE_PATH: chromium }),
    ...options.workerEnv,
  };
  const workerContext = { services, events, env: workerEnv };
  const layout = options.workers ?? WORKERS;
  const { parts: workers, metricsUrls } = await defineWorkers(
    workerContext,
    layout,
    options.backgroundNiceness,
  );
  const processes: Processes = { services, api, workers };
  const info = (): DevInfo => describe(processes, apiUrl, env, secrets);
  const stop = async (): Promise<void> => {
    publisher.withdraw();
    await api.stop();
    await Promise.all(workers.map((worker) => worker.stop()));
    await services.stop();
  };
  try {
    await startTogether([api, ...workers], signal);
  } catch (error) {
    await stop();
    throw error;
  }
  publisher.publish(home, info);
  const part = (name: string): Part | undefined => findPart(processes, name);
  const pids = (): ReturnType<Stack['pids']> => pidsOf(processes);
  return {
    services,
    info,
    pids,
    part,
    workerMetricsUrls: metricsUrls,
    logFolder: join(home, 'logs'),
    stop,
  };
}

/**
 * Starts a whole system: services, build check, schema, demo data and keys, workers, API; each process is supervised
 * and `dev.json` in the home folder tells where everything is.
 * @throws what `startServices` throws, or an Error that names the step and its log; nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const publisher = createDevInfoPublisher();
  const givenUp = new AbortController();
  const failed = new Promise<Error>((resolve) => {
    givenUp.signal.addEventListener('abort', () => resolve(givenUp.signal.reason as Error), {
      once: true,
    });
  });
  const signal = AbortSignal.any([givenUp.signal, ...(options.signal ? [options.signal] : [])]);
  const events: PartEvents = {
    onSpawn: (name, pid) => {
      publisher.refresh();
      options.onSpawn?.(name, pid);
    },
    onEnd: options.onEnd,
    onRestart: options.onRestart,
    onFailure: (error) => givenUp.abort(error),
  };
  const services = await startServices({ ...options, ...events, signal });
  try {
    return { ...(await startOwn(services, options, { events, signal, publisher })), failed };
  } catch (error) {
    await services.stop();
    throw error;
  }
}
