import type { ChildProcess } from 'node:child_process';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WORKER_ALLOCATOR } from './product';
import type { Services } from './services';
import { PROJECT, program } from './steps';
import {
  BACKGROUND_NICENESS,
  Part,
  READY_LIMIT_MS,
  type PartDefinition,
  type PartEvents,
} from './supervisor';

const API_STOP = [{ signal: 'SIGTERM', limitMs: 30_000 }] as const;
const WORKER_STOP = [{ signal: 'SIGTERM', limitMs: 20_000 }] as const;

/** The inputs for our processes. */
export interface ChildContext {
  services: Services;
  /** The settings of all processes; each process adds its own. */
  env: NodeJS.ProcessEnv;
  events: PartEvents;
}

async function answersAt(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
      });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // The page does not answer yet.
    }
    await sleep(50);
  }
}

/** A worker prints `ready` when it polls its task queues. */
function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.on('message', (message) => {
      if (message === 'ready') done();
    });
  });
}

function defineChild(
  context: ChildContext,
  name: string,
  file: string,
  rest: Pick<PartDefinition, 'ready' | 'stop' | 'niceness'>,
  env: NodeJS.ProcessEnv,
): Part {
  const definition: PartDefinition = {
    name,
    file: process.execPath,
    args: ['--enable-source-maps', file],
    options: { cwd: PROJECT, env: { ...context.env, ...env } },
    channel: true,
    logFile: join(context.services.home, 'logs', `${name}.log`),
    recordFolder: context.services.recordFolder,
    readyLimitMs: READY_LIMIT_MS,
    ...rest,
  };
  return new Part(definition, context.events);
}

export interface Workers {
  parts: Part[];
  /** The processes' Prometheus pages, in the same order. */
  metricsUrls: string[];
}

/** Defines one worker process for each list of roles. @param niceness `BACKGROUND_NICENESS` unless told. */
export async function defineWorkers(
  context: ChildContext,
  layout: readonly string[],
  niceness = BACKGROUND_NICENESS,
): Promise<Workers> {
  const workers: Workers = { parts: [], metricsUrls: [] };
  for (const [index, roles] of layout.entries()) {
    const port = await context.services.ports.free();
    const env = { ...WORKER_ALLOCATOR, WORKER_ROLES: roles, METRICS_PORT: String(port) };
    const how = { ready: saysReady, stop: WORKER_STOP, niceness };
    workers.parts.push(
      defineChild(context, `worker-${index + 1}`, program('src', 'worker', 'main.js'), how, env),
    );
    workers.metricsUrls.push(`http://127.0.0.1:${port}/metrics`);
  }
  return workers;
}

/**
 * Defines the API's process. A demo with printed keys listens on this machine only, unless HOST
 * says otherwise.
 */
export async function defineApi(context: ChildContext): Promise<{ part: Part; apiUrl: string }> {
  const host = context.env.HOST || '127.0.0.1';
  const port = await context.services.ports.pick('PORT', host);
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const apiUrl = `http://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${port}`;
  const env = { HOST: host, PORT: String(port) };
  const ready = (_child: ChildProcess, signal: AbortSignal): Promise<void> =>
    answersAt(`${apiUrl}/livez`, signal);
  const part = defineChild(
    context,
    'api',
    program('src', 'api', 'main.js'),
    { ready, stop: API_STOP },
    env,
  );
  return { part, apiUrl };
}
