import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Logger } from '../logger';
import { Problem } from './problem';

const RESTART_AFTER_MS = 500;
const STOP_WITHIN_MS = 14_000;

/** A process ended before it could serve. It has printed the reason. */
export class EndedEarly extends Error {}

interface FiguresQuestion {
  ask: 'figures';
}
interface FiguresAnswer {
  /** null: a process did not report its metrics in time. */
  figures: string | null;
}

/**
 * The metrics of all API processes on this port, added up. Any of the processes can ask for them.
 * @throws Problem `temporarily_unavailable` when a process does not report
 */
export async function figuresOfAll(): Promise<string> {
  return new Promise((resolve, reject) => {
    const listen = (message: unknown): void => {
      const { figures } = (message ?? {}) as Partial<FiguresAnswer>;
      if (figures === undefined) return;
      process.off('message', listen);
      if (figures !== null) resolve(figures);
      else {
        const headers = { 'retry-after': '2' };
        reject(
          new Problem('temporarily_unavailable', 'An API process does not answer; try again.', {
            headers,
          }),
        );
      }
    };
    process.on('message', listen);
    process.send!({ ask: 'figures' } satisfies FiguresQuestion);
  });
}

/**
 * Runs the API in several processes that share one port, for a machine with more processors than
 * one event loop can use. A process that ends unexpectedly is replaced. The primary process serves
 * no requests: it counts requests for the rate limits of all processes, and adds up their metrics.
 * @param options `stopping` ends all processes gracefully, each after its drain of `drainMs`
 * @throws EndedEarly when one of the first processes ends before it listens: its settings or its port
 * are wrong, and it has printed the reason
 */
export async function runProcesses(
  count: number,
  log: Logger,
  { stopping, drainMs }: { stopping: AbortSignal; drainMs: number },
): Promise<void> {
  const figures = new AggregatorRegistry();
  // The constructor registers the listener for messages from the processes.
  new RateLimiterClusterMaster();
  let allListened = false;
  const gone = new Set<Promise<void>>();

  function start(): Promise<void> {
    if (stopping.aborted) return Promise.resolve();
    const worker = cluster.fork();
    worker.on('message', (message: unknown) => void answer(worker, message));
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    gone.add(ended);
    void ended.then(async () => {
      gone.delete(ended);
      if (stopping.aborted || !allListened) return;
      log.warn({ pid: worker.process.pid }, 'an API process ended and is replaced');
      await delay(RESTART_AFTER_MS);
      void start().catch(() => undefined);
    });
    return new Promise((resolve, reject) => {
      worker.once('listening', () => resolve());
      void ended.then(() =>
        reject(new EndedEarly('An API process ended before it could serve: it has said why')),
      );
    });
  }

  async function answer(worker: Worker, message: unknown): Promise<void> {
    if ((message as Partial<FiguresQuestion> | null)?.ask !== 'figures') return;
    const text = await figures.clusterMetrics().catch(() => null);
    if (worker.isConnected()) worker.send({ figures: text } satisfies FiguresAnswer);
  }

  try {
    await Promise.all(Array.from({ length: count }, start));
    allListened = true;
    process.send?.('ready');
    log.info({ processes: count }, 'all API processes listen');
    if (!stopping.aborted)
      await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }));
  } finally {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
    await Promise.race([Promise.all(gone), delay(drainMs + STOP_WITHIN_MS)]);
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
  }
}
