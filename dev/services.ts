import { mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readSettings, removeDevInfo } from './product';
import { tryLock, type Lock } from './lock';
import { defineMail } from './mail';
import { createPortPicker, portChoices, type PortChoices, type PortPicker } from './ports';
import { definePostgres } from './postgres';
import { endOrphans } from './processes';
import { BACKGROUND_NICENESS, Part, type PartEvents } from './supervisor';
import { defineTemporal } from './temporal';
import { findTemporal } from './temporal-binary';

export const SERVICE_NAMES = ['postgres', 'temporal', 'mail'] as const;
type ServiceName = (typeof SERVICE_NAMES)[number];

export interface ServicesOptions extends PartEvents {
  /** Folder for data, logs and records, used by one run at a time. Created if missing. */
  home: string;
  /**
   * DATABASE_URL, TEMPORAL_ADDRESS and SMTP_URL may name existing services; *_PORT settings choose
   * the ports of ours.
   */
  env?: NodeJS.ProcessEnv;
  /** Replaces the *_PORT settings of `env`. 0: a free port. */
  ports?: PortChoices;
  /** The services to start; default: all. */
  want?: readonly ServiceName[];
  /** `file` (the default) survives restarts; `memory` is faster. */
  temporalDatabase?: 'file' | 'memory';
  /** Additional dynamic configuration of our Temporal server, each `key=value`; default: none. */
  temporalConfig?: readonly string[];
  /** The niceness of Temporal and, in a stack, of the workers; default: `BACKGROUND_NICENESS`. */
  backgroundNiceness?: number;
  progress?: (line: string) => void;
  /** Cancels the start. A running service is stopped with `stop()`. */
  signal?: AbortSignal;
}

/**
 * Running services. An address is empty when the service is not wanted; a page also when the
 * service is not ours.
 */
export interface Services {
  home: string;
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  temporalUiUrl: string;
  smtpUrl: string;
  /** The mail catcher's page; its REST API is below `/api`. */
  mailUrl: string;
  /** Current process ids; 0 for a service that is not ours. */
  pids(): Record<ServiceName, number>;
  /**
   * The supervised process of one of our services, for example to stop it for a while and start it
   * again.
   */
  part(name: ServiceName): Part | undefined;
  /** Picks more ports that do not collide with these services. */
  ports: PortPicker;
  /**
   * The folder with records of running processes, from which a later run cleans up after a killed
   * one.
   */
  recordFolder: string;
  /**
   * Ends everything that was started, in reverse order, within a minute at most. Safe to repeat.
   */
  stop(): Promise<void>;
}

function lockHome(home: string): Lock {
  const lock = tryLock(join(home, 'lock'));
  if ('release' in lock) return lock;
  throw new Error(
    `another run (process ${lock.heldBy}) uses ${home}: stop it first, or set HOLDFAST_HOME to another folder`,
  );
}

interface TemporalPlace {
  address: string;
  namespace: string;
  uiUrl: string;
}

interface MailPlace {
  smtpUrl: string;
  mailUrl: string;
}

interface Start {
  options: ServicesOptions;
  env: NodeJS.ProcessEnv;
  home: string;
  recordFolder: string;
  ports: PortPicker;
  progress: (line: string) => void;
  parts: Map<ServiceName, Part>;
  /** Aborted by the caller, or when another service could not be started. */
  signal: AbortSignal;
}

async function run(start: Start, name: ServiceName, part: Part): Promise<void> {
  start.parts.set(name, part);
  await part.start(start.signal);
}

async function startPostgres(start: Start): Promise<string> {
  if (start.env.DATABASE_URL) return readSettings(['DATABASE_URL'], start.env).DATABASE_URL;
  const { home, recordFolder, progress } = start;
  const port = await start.ports.pick('PG_PORT');
  const { definition, databaseUrl, afterStart } = await definePostgres({
    home,
    port,
    recordFolder,
    progress,
  });
  await run(start, 'postgres', new Part(definition, start.options));
  await afterStart();
  progress(`Postgres runs on port ${port}`);
  return databaseUrl;
}

/** The server that the SDK's own settings name, possibly through a profile in a file. */
function namedTemporal(env: NodeJS.ProcessEnv): TemporalPlace | undefined {
  if (!env.TEMPORAL_ADDRESS && !env.TEMPORAL_PROFILE && !env.TEMPORAL_CONFIG_FILE) return undefined;
  const given = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]);
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(given),
  });
  if (connectionOptions.address === undefined) return undefined;
  return { address: connectionOptions.address, namespace: namespace ?? 'default', uiUrl: '' };
}

async function startTemporal(start: Start): Promise<TemporalPlace> {
  const named = namedTemporal(start.env);
  if (named !== undefined) return named;
  const { TEMPORAL_NAMESPACE: namespace } = readSettings(['TEMPORAL_NAMESPACE'], start.env);
  const { home, recordFolder, progress, env, ports } = start;
  const binary = await findTemporal({ env, progress, signal: start.signal });
  const { definition, temporalAddress, temporalUiUrl } = defineTemporal({
    binary,
    home,
    recordFolder,
    namespace,
    database: start.options.temporalDatabase ?? 'file',
    config: start.options.temporalConfig ?? [],
    niceness: start.options.backgroundNiceness ?? BACKGROUND_NICENESS,
    ports: {
      grpc: await ports.pick('TEMPORAL_PORT'),
      ui: await ports.pick('TEMPORAL_UI_PORT'),
      http: await ports.free(),
      metrics: await ports.free(),
    },
  });
  await run(start, 'temporal', new Part(definition, start.options));
  progress(`Temporal runs at ${temporalAddress}`);
  return { address: temporalAddress, namespace, uiUrl: temporalUiUrl };
}

async function startMail(start: Start): Promise<MailPlace> {
  if (start.env.SMTP_URL)
    return { smtpUrl: readSettings(['SMTP_URL'], start.env).SMTP_URL, mailUrl: '' };
  const { home, recordFolder, ports } = start;
  const smtpPort = await ports.pick('SMTP_PORT');
  const uiPort = await ports.pick('MAIL_UI_PORT');
  const { definition, smtpUrl, mailUrl } = defineMail({ home, smtpPort, uiPort, recordFolder });
  await run(start, 'mail', new Part(definition, start.options));
  start.progress(`the mail catcher runs on port ${smtpPort}`);
  return { smtpUrl, mailUrl };
}

/**
 * Starts the services at the same time. When one fails, the others are stopped and its error is
 * thrown.
 */
async function startAll(start: Omit<Start, 'signal'>): Promise<[string, TemporalPlace, MailPlace]> {
  const failed = new AbortController();
  const { want, signal } = start.options;
  const all: Start = {
    ...start,
    signal: AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]),
  };
  const wants = (name: ServiceName): boolean => want?.includes(name) ?? true;
  const orFail = <T>(started: Promise<T>): Promise<T> => {
    started.catch((error: unknown) => failed.abort(error));
    return started;
  };
  const starting: [Promise<string>, Promise<TemporalPlace>, Promise<MailPlace>] = [
    wants('postgres') ? orFail(startPostgres(all)) : Promise.resolve(''),
    wants('temporal')
      ? orFail(startTemporal(all))
      : Promise.resolve({ address: '', namespace: '', uiUrl: '' }),
    wants('mail') ? orFail(startMail(all)) : Promise.resolve({ smtpUrl: '', mailUrl: '' }),
  ];
  await Promise.allSettled(starting);
  failed.signal.throwIfAborted();
  return Promise.all(starting);
}

async function stopParts(parts: ReadonlyMap<ServiceName, Part>): Promise<void> {
  await Promise.all([...parts.values()].map((part) => part.stop()));
}

/**
 * Starts the services that the settings do not name: PostgreSQL, Temporal, a mail catcher. A
 * service that dies is started again on the same port with its data. First, processes that a killed
 * run has left behind are ended.
 * @throws Error (a SettingsError for a bad setting) with a message that a user can act on; then
 * nothing is left running
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const env = options.env ?? process.env;
  const progress = options.progress ?? (() => undefined);
  const choices = options.ports ?? portChoices(env);
  readSettings(['DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'SMTP_URL'], env);
  mkdirSync(resolve(options.home), { recursive: true });
  const home = realpathSync(options.home);
  const recordFolder = join(home, 'run');
  const lock = lockHome(home);
  const parts = new Map<ServiceName, Part>();
  const stop = async (): Promise<void> => {
    await stopParts(parts);
    lock.release();
  };
  try {
    // A killed run could not remove the file; from now on it would be wrong.
    removeDevInfo(home);
    const orphans = await endOrphans(recordFolder, SERVICE_NAMES);
    if (orphans.length > 0)
      progress(`ended what an earlier run had left behind: ${orphans.join(', ')}`);
    const ports = createPortPicker(choices, progress);
    const start = { options, env, home, recordFolder, ports, progress, parts };
    const [databaseUrl, temporal, mail] = await startAll(start);
    return {
      home,
      databaseUrl,
      temporalAddress: temporal.address,
      temporalNamespace: temporal.namespace,
      temporalUiUrl: temporal.uiUrl,
      ...mail,
      pids: () => ({
        postgres: parts.get('postgres')?.pid ?? 0,
        temporal: parts.get('temporal')?.pid ?? 0,
        mail: parts.get('mail')?.pid ?? 0,
      }),
      part: (name) => parts.get(name),
      ports,
      recordFolder,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
