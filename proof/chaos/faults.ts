import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { sendSignal } from '../../dev/processes';
import type { Proxy, ProxyMode } from './proxy';
import { childrenOf } from './process-tree';
import { createRandom, type Random } from './random';
import { DOCUMENTS_WORKER, OWN_PARTS, type ChaosSystem } from './system';

export interface Faults {
  /** How often each fault was injected, by its name. */
  done: ReadonlyMap<string, number>;
  /** Ends the faults: frozen processes go on, and the network works again. */
  stop(): Promise<void>;
}

interface FaultContext {
  system: ChaosSystem;
  random: Random;
  stopping: AbortSignal;
}

/** Injects one fault; false when its target does not exist at the moment. */
type Fault = (context: FaultContext) => Promise<boolean>;

const kill =
  (part: string): Fault =>
  async ({ system: { monitor } }) => {
    const pid = monitor.pid(part);
    if (pid === null) return false;
    monitor.willKill(pid);
    sendSignal(pid, 'SIGKILL');
    return true;
  };

/** Stops processes for 2 to 15 s (SIGSTOP). `alive` tells whether they are still ours to continue. */
async function frozen(
  pids: readonly number[],
  alive: () => boolean,
  { random, stopping }: FaultContext,
): Promise<void> {
  for (const pid of pids) sendSignal(pid, 'SIGSTOP');
  await sleep(random.between(2_000, 15_000), undefined, { signal: stopping }).catch(
    () => undefined,
  );
  if (alive()) for (const pid of pids) sendSignal(pid, 'SIGCONT');
}

/** @param whole with its children: the backends of a frozen postmaster go on */
const freeze =
  (part: string, whole = false): Fault =>
  async (context) => {
    const pid = context.system.monitor.pid(part);
    if (pid === null) return false;
    const pids = whole ? [pid, ...childrenOf(pid)] : [pid];
    await frozen(pids, () => context.system.monitor.pid(part) === pid, context);
    return true;
  };

/** The browser's main process: the child of the worker that prints. */
function browserOf({ monitor }: ChaosSystem): { pid: number; worker: number } | null {
  const worker = monitor.pid(DOCUMENTS_WORKER);
  const pid = worker === null ? undefined : childrenOf(worker)[0];
  return worker === null || pid === undefined ? null : { pid, worker };
}

const killBrowser: Fault = async ({ system }) => {
  const browser = browserOf(system);
  if (browser) sendSignal(browser.pid, 'SIGKILL');
  return browser !== null;
};

const freezeBrowser: Fault = async (context) => {
  const browser = browserOf(context.system);
  if (!browser) return false;
  await frozen([browser.pid], () => childrenOf(browser.worker).includes(browser.pid), context);
  return true;
};

/** Terminates one backend, preferably an active one. */
const terminateBackend: Fault = async ({ system, random }) => {
  const client = new Client({
    connectionString: system.services.databaseUrl,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'holdfast-%' order by state = 'active' desc, pid`,
    );
    if (rows.length === 0) return false;
    await client.query('select pg_terminate_backend($1)', [random.pick(rows.slice(0, 6)).pid]);
    return true;
  } catch {
    return false; // The database is down.
  } finally {
    await client.end().catch(() => undefined);
  }
};

const cut =
  (name: keyof ChaosSystem['proxies']): Fault =>
  async ({ system }) =>
    system.proxies[name].cut() > 0;

async function disturbed(
  proxy: Proxy,
  mode: ProxyMode,
  ms: number,
  { stopping }: FaultContext,
): Promise<void> {
  proxy.set(mode);
  await sleep(ms, undefined, { signal: stopping }).catch(() => undefined);
  // The connection ends with the answers that were held back, as after a network failure of that length.
  if (mode === 'mute') proxy.cut();
  proxy.set('flow');
}

const disturb =
  (
    name: keyof ChaosSystem['proxies'],
    mode: ProxyMode,
    [low, high]: readonly [number, number],
  ): Fault =>
  async (context) => {
    await disturbed(context.system.proxies[name], mode, context.random.between(low, high), context);
    return true;
  };

/** Name, weight, target (one fault at a time for each), and the fault. */
type Entry = readonly [name: string, weight: number, target: string, fault: Fault];

const NETWORK: readonly Entry[] = (['postgres', 'temporal'] as const).flatMap((name): Entry[] => [
  [`cut connections to ${name}`, 3, `to ${name}`, cut(name)],
  [`lose answers of ${name}`, 3, `to ${name}`, disturb(name, 'mute', [100, 1_500])],
  [`slow connections to ${name}`, 2, `to ${name}`, disturb(name, 'slow', [2_000, 8_000])],
  [`stall connections to ${name}`, 2, `to ${name}`, disturb(name, 'stall', [1_000, 12_000])],
  [`refuse connections to ${name}`, 1, `to ${name}`, disturb(name, 'refuse', [1_000, 6_000])],
]);

const FAULTS: readonly Entry[] = [
  ...OWN_PARTS.flatMap((part): Entry[] => [
    [`kill ${part}`, 3, part, kill(part)],
    [`freeze ${part}`, 1, part, freeze(part)],
  ]),
  ['kill postgres', 3, 'postgres', kill('postgres')],
  ['freeze postgres, postmaster', 1, 'postgres', freeze('postgres')],
  ['freeze postgres, all of it', 1, 'postgres', freeze('postgres', true)],
  ['terminate a backend', 4, 'backend', terminateBackend],
  ['kill temporal', 3, 'temporal', kill('temporal')],
  ['freeze temporal', 1, 'temporal', freeze('temporal')],
  ['kill mail', 2, 'mail', kill('mail')],
  ['freeze mail', 1, 'mail', freeze('mail')],
  ['kill browser', 3, 'browser', killBrowser],
  ['freeze browser', 1, 'browser', freezeBrowser],
  ...NETWORK,
];

/** Faults of at least this weight come first, so that a short run has each of them. */
const FIRST_ROUND_WEIGHT = 3;

/** Schedules the faults in random order, each as often as its weight; faults of a busy target stay in the queue. */
function createScheduler(random: Random): (busy: ReadonlySet<string>) => Entry | undefined {
  const queue: Entry[] = [];
  return (busy) => {
    if (queue.length === 0) {
      const first = FAULTS.filter(([, weight]) => weight >= FIRST_ROUND_WEIGHT);
      const rest = FAULTS.flatMap((entry) => {
        const left = first.includes(entry) ? entry[1] - 1 : entry[1];
        return Array.from({ length: left }, () => entry);
      });
      queue.push(...random.shuffled(first), ...random.shuffled(rest));
    }
    const next = queue.findIndex(([, , target]) => !busy.has(target));
    return next < 0 ? undefined : queue.splice(next, 1)[0];
  };
}

/** Injects a fault every few seconds; several may be active at a time. */
export function startFaults(options: {
  system: ChaosSystem;
  seed: number;
  maxFaults: number;
}): Faults {
  const stopping = new AbortController();
  const random = createRandom(options.seed, 'faults');
  const context: FaultContext = { system: options.system, random, stopping: stopping.signal };
  const done = new Map<string, number>();
  const busy = new Set<string>();
  const underWay = new Set<Promise<void>>();
  const nextFault = createScheduler(random);
  let left = options.maxFaults;

  async function perform([name, , target, fault]: Entry): Promise<void> {
    busy.add(target);
    try {
      if (await fault(context)) done.set(name, (done.get(name) ?? 0) + 1);
      else left++;
    } finally {
      busy.delete(target);
    }
  }

  async function run(): Promise<void> {
    while (left > 0) {
      await sleep(random.between(1_000, 5_000), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
      if (stopping.signal.aborted) return;
      // A part that is still starting is left alone: on a slow machine it would never come back.
      const next = nextFault(new Set([...busy, ...options.system.monitor.down()]));
      if (!next) continue;
      left--;
      const performing: Promise<void> = perform(next).finally(() => underWay.delete(performing));
      underWay.add(performing);
    }
  }

  const running = run();
  return {
    done,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(underWay);
      for (const proxy of Object.values(options.system.proxies)) proxy.set('flow');
    },
  };
}
