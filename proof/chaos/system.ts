import { join } from 'node:path';
import { baseEnv } from '../base-env';
import { startServices, type Services } from '../../dev/services';
import { startStack, type Stack } from '../../dev/stack';
import type { DevInfo, FaultPoint } from '../product';
import { startProxy, type Proxy } from './proxy';
import { PartMonitor } from './part-monitor';

/** Two relays and two reservations workers, so that they compete. */
const WORKERS = [
  'reservations,mail,webhooks,relay',
  'reservations,relay',
  'documents,mail,webhooks',
] as const;
export const OWN_PARTS = ['api', 'worker-1', 'worker-2', 'worker-3'] as const;
export const DOCUMENTS_WORKER = 'worker-3';

/** Probabilities: at the usual load each point fires once or twice a minute. With more the workers only restart. */
const FAULT_POINTS: Record<FaultPoint, number> = {
  'hold.committed': 0.006,
  'webhook.recorded': 0.006,
  'confirm.recorded': 0.02,
  'settle.locked': 0.003,
  'settle.committed': 0.006,
  'release.locked': 0.03,
  'relay.started': 0.006,
  'relay.rung': 0.005,
  'refund.paid': 0.03,
  'document.rendered': 0.03,
  'mail.sent': 0.02,
  'feed.numbered': 0.002,
  'webhook.sent': 0.01,
};

export interface ChaosSystem {
  services: Services;
  monitor: PartMonitor;
  /** Between our processes and their services; the checks bypass them. */
  proxies: { postgres: Proxy; temporal: Proxy };
  apiUrl: () => string;
  info: Pick<DevInfo, 'keys' | 'webhookSecrets'>;
  /** The logs of our processes. */
  ownLogFolder: string;
  /** Stops our processes in order and restarts them without fault points. */
  disarm(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  home: string;
  armed: boolean;
  signal: AbortSignal;
  progress: (line: string) => void;
}

const portOf = (address: string): number => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1]);

function databaseUrlThrough(proxy: Proxy, services: Services): string {
  const url = new URL(services.databaseUrl);
  url.port = String(proxy.port);
  return url.href;
}

/** Starts services, proxies and our processes, all supervised and on ports of their own. */
export async function startSystem(options: SystemOptions): Promise<ChaosSystem> {
  const { home, signal, progress } = options;
  let armed = options.armed;
  const monitor = new PartMonitor(() => armed);
  const services = await startServices({
    home: join(home, 'services'),
    env: baseEnv(),
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    temporalDatabase: 'file',
    progress,
    signal,
    ...monitor.events,
  });
  const proxies = {
    postgres: await startProxy(portOf(services.databaseUrl)),
    temporal: await startProxy(portOf(services.temporalAddress)),
  };
  const apiPort = await services.ports.free();

  async function startOwn(): Promise<Stack> {
    const faults = Object.entries(FAULT_POINTS).map(
      ([name, probability]) => `${name}=${probability}`,
    );
    const stack = await startStack({
      home: join(home, 'stack'),
      env: {
        ...baseEnv(),
        DATABASE_URL: databaseUrlThrough(proxies.postgres, services),
        TEMPORAL_ADDRESS: `127.0.0.1:${proxies.temporal.port}`,
        TEMPORAL_NAMESPACE: services.temporalNamespace,
        SMTP_URL: services.smtpUrl,
        RATE_LIMIT: 'off',
        LOG_LEVEL: 'warn',
        WEBHOOK_ALLOW_PRIVATE: 'on',
      },
      ...(armed && { childEnv: { HOLDFAST_FAULTS: faults.join(',') } }),
      ports: { PORT: apiPort },
      workers: WORKERS,
      seed: false,
      progress,
      signal,
      ...monitor.events,
    });
    void stack.failed.then((error) => monitor.events.onFailure(error));
    return stack;
  }

  async function closeServices(): Promise<void> {
    await Promise.all([proxies.postgres.close(), proxies.temporal.close()]);
    await services.stop();
  }

  let stack: Stack;
  try {
    stack = await startOwn();
  } catch (error) {
    await closeServices();
    throw error;
  }
  const { apiUrl, keys, webhookSecrets } = stack.info();
  return {
    services,
    monitor,
    proxies,
    apiUrl: () => apiUrl,
    info: { keys, webhookSecrets },
    ownLogFolder: stack.logFolder,
    async disarm() {
      await stack.stop();
      armed = false;
      stack = await startOwn();
    },
    async stop() {
      await stack.stop();
      await closeServices();
    },
  };
}
