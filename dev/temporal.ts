import { mkdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { endProcess, processesIn } from './processes';
import { SEARCH_ATTRIBUTE_TYPES } from './product';
import { READY_LIMIT_MS, type PartDefinition } from './supervisor';

const STOP = [{ signal: 'SIGTERM', limitMs: 10_000 }] as const;

const DYNAMIC_CONFIG = [
  // Measured: by default the queue readers of the development server poll 20 times a second, which
  // costs 50 ms at each step.
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  // The server's HTTP API takes a POST from any page that the browser shows, and cannot be switched
  // off. It answers no host but this one, which no address has.
  'frontend.httpAllowedHosts=["switched-off.invalid"]',
] as const;

/**
 * Settings for the user's own Temporal client do not apply to our server. The garbage collector may
 * let memory grow to five times the used size before it runs (Go's default is twice), because it
 * took a good part of the server's time.
 */
const serverEnv = (): NodeJS.ProcessEnv => ({
  GOGC: '400',
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')),
  ),
});

/** Of a connection, and of the calls on it. */
const ANSWERS_WITHIN_MS = 4_000;

/** Whether the server answers, has the namespace, and has our search attributes. */
export async function isTemporalReady(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: ANSWERS_WITHIN_MS });
    const { workflowService, operatorService } = connection;
    return await connection.withDeadline(Date.now() + ANSWERS_WITHIN_MS, async () => {
      await workflowService.describeNamespace({ namespace });
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
      return Object.keys(SEARCH_ATTRIBUTE_TYPES).every((name) => name in customAttributes);
    });
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

/**
 * Defines the Temporal development server, with its page.
 * @param options.database `file` survives every restart; `memory` is about twice as fast and keeps
 * nothing
 * @param options.config additional dynamic configuration, each `key=value`
 */
export function defineTemporal(options: {
  binary: string;
  home: string;
  namespace: string;
  database: 'file' | 'memory';
  config: readonly string[];
  niceness: number;
  ports: { grpc: number; ui: number; http: number; metrics: number };
  recordFolder: string;
}): { definition: PartDefinition; temporalAddress: string; temporalUiUrl: string } {
  const { binary, home, namespace, database, config, niceness, ports, recordFolder } = options;
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporalAddress = `127.0.0.1:${ports.grpc}`;
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--log-level',
    'error',
    '--namespace',
    namespace,
  ];
  args.push('--port', String(ports.grpc), '--ui-port', String(ports.ui));
  args.push('--http-port', String(ports.http), '--metrics-port', String(ports.metrics));
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTE_TYPES))
    args.push('--search-attribute', `${name}=${type}`);
  for (const value of [...DYNAMIC_CONFIG, ...config]) args.push('--dynamic-config-value', value);
  if (database === 'file') {
    args.push('--db-filename', join(folder, 'temporal.db'));
    args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL');
  }
  const definition: PartDefinition = {
    name: 'temporal',
    file: binary,
    args,
    options: { cwd: folder, env: serverEnv() },
    niceness,
    logFile: join(home, 'logs', 'temporal.log'),
    recordFolder,
    // Two servers that write one database file would destroy it.
    settle: async () => {
      const lives = processesIn(realpathSync(folder), ['temporal', basename(realpathSync(binary))]);
      await Promise.all(lives.map(({ pid, start }) => endProcess(pid, start, STOP)));
    },
    ready: async (_child, signal) => {
      while (!signal.aborted && !(await isTemporalReady(temporalAddress, namespace)))
        await sleep(100);
    },
    readyLimitMs: READY_LIMIT_MS,
    stop: STOP,
  };
  return { definition, temporalAddress, temporalUiUrl: `http://127.0.0.1:${ports.ui}` };
}
