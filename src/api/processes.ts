import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Logger } from '../logger';
import { Problem } from './problem';

const RESTART_AFTER_MS = 500;
const STOP_WITHIN_MS = 14_000;

interface FiguresQuestion {
  ask: 'figures';
}
interface FiguresAnswer {
  /** null: one of the processes did not say its own in time. */
  figures: string | null;
}

/**
 * The figures of all API processes on this port, added up; asked from one of them.
 * @throws Problem `temporarily_unavailable` when one of them does not say its own
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
          new Problem('temporarily_unavailable', 'An API process does not answer; ask again.', {
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
 * Runs the API in several processes that share one port, for a machine with more processors than one event loop can
 * use. Whichever ends unasked is replaced. This process serves nothing itself: it counts requests for the rate limits of
 * all, and adds their figures up.
 * @param options `stopping` ends them all, gently, each within its own drain of `drainMs`
 * @throws Error when one of the first ends before it listens: its settings or its port are wrong, and it has said so
 */
export async function runProcesses(
  count: number,
  log: Logger,
  { stopping, drainMs }: { stopping: AbortSignal; drainMs: number },
): Promise<void> {
  const figures = new AggregatorRegistry();
  // It listens to the processes by being made.
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
      void ended.then(() => reject(new Error('An API process ended before it could serve')));
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
