import { createServer, type Server, type ServerResponse } from 'node:http';

/** As long as the API trusts a heartbeat; after that, the API reports that it is degraded. */
const HEARTBEAT_TRUSTED_MS = 15_000;

/** The health of a worker, as the worker itself knows it. */
export interface WorkerHealth {
  /** Records that a heartbeat row was written. */
  heartbeatWritten: () => void;
  /**
   * Sets the pollers to watch; each function tells whether its poller runs. There are none before
   * Temporal was reached.
   */
  watch: (pollers: readonly (() => boolean)[]) => void;
  /** The reason why the worker is not ready; null when it is ready. */
  complaint: () => string | null;
}

/** @param now milliseconds of a monotonic clock */
export function createWorkerHealth(now: () => number = () => performance.now()): WorkerHealth {
  let heartbeatAt: number | undefined;
  let pollers: readonly (() => boolean)[] | undefined;
  return {
    heartbeatWritten: () => (heartbeatAt = now()),
    watch: (running) => (pollers = running),
    complaint() {
      if (pollers === undefined) return 'Temporal has not been reached yet';
      if (!pollers.every((isRunning) => isRunning())) return 'a poller does not run';
      if (heartbeatAt === undefined || now() - heartbeatAt > HEARTBEAT_TRUSTED_MS) {
        return `no heartbeat was written for ${HEARTBEAT_TRUSTED_MS / 1000} s: the database does not answer`;
      }
      return null;
    },
  };
}

interface HealthServerOptions {
  port: number;
  host: string;
  health: Pick<WorkerHealth, 'complaint'>;
  /** The metrics in the Prometheus text format. */
  metrics: () => Promise<string>;
}

/**
 * Serves /livez, /readyz (503 with the reason when the worker is not ready) and /metrics.
 * @throws the system's error, with its `code`, when the port cannot be opened
 */
export async function serveHealth({
  port,
  host,
  health,
  metrics,
}: HealthServerOptions): Promise<Server> {
  const json = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/livez') {
      json(response, 200, { status: 'ok' });
    } else if (path === '/readyz') {
      const reason = health.complaint();
      json(
        response,
        reason === null ? 200 : 503,
        reason === null ? { status: 'ready' } : { reason },
      );
    } else if (path === '/metrics') {
      metrics().then(
        (body) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(body),
        () => response.writeHead(503).end(),
      );
    } else {
      json(response, 404, { reason: 'there are /livez, /readyz and /metrics' });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
