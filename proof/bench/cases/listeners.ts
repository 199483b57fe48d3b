import { join } from 'node:path';
import { readSettings } from '../../product';
import { summarise, type Summary } from '../../report/statistics';
import type { Bench, Case, Figures } from '../case';
import { startCpuMeter } from '../cpu';
import { startExtraApi, type ExtraApi } from '../extra-api';
import { holdOurs, holdPaced, makeBuyers, scaled } from '../holds';
import { expectFiles } from '../listeners/listeners';
import { watchMemory } from '../memory';
import { takeTurns } from '../turns';
import { startVisitors } from '../visitors/visitors';

const SEATS = 100_000;
const LISTENERS = 1_000;
const WITHIN_MS = 5_000;
const HOLD_EVERY_MS = 50;
const WARM_UP = 500;
const MEGABYTE = 1_000_000;

/** What maps may take of the memory of one API process, in megabytes. */
const { SEAT_MAP_CACHE_MB } = readSettings(['SEAT_MAP_CACHE_MB'], {});

interface Scene {
  api: ExtraApi;
  path: string;
  firstLookMs: number;
  endMemory: ReturnType<typeof watchMemory>;
  hold: () => Promise<Summary>;
}

/**
 * A new API, whose memory has grown by nothing else, and buyers of an event for the time of the arrivals. One visitor has
 * been there before, whose look at the map counts for the memory.
 */
async function withNewApi(
  bench: Bench,
  work: (scene: Scene) => Promise<Figures>,
): Promise<Figures> {
  const api = await startExtraApi(bench, 'listeners');
  const of = { ...bench, apiUrl: api.url };
  try {
    const before = await bench.makeEvent(WARM_UP);
    await holdOurs(of, makeBuyers(before, before.labels), { connections: 10 });
    const event = await bench.makeEvent(scaled(bench, SEATS));
    const buyers = makeBuyers(event, event.labels.slice(0, WITHIN_MS / HOLD_EVERY_MS));
    await bench.quiesce();
    const path = `/v1/events/${event.slug}`;
    const endMemory = watchMemory(api.pid);
    try {
      const began = performance.now();
      await (await fetch(`${api.url}${path}/seats`)).arrayBuffer();
      const firstLookMs = performance.now() - began;
      const hold = () => holdPaced(of, buyers, HOLD_EVERY_MS);
      return await work({ api, path: `${path}/stream`, firstLookMs, endMemory, hold });
    } finally {
      endMemory();
    }
  } finally {
    await api.stop();
  }
}

const withListeners = (bench: Bench): Promise<Figures> =>
  withNewApi(bench, async ({ api: { url, pid }, path, firstLookMs, endMemory, hold }) => {
    const count = scaled(bench, LISTENERS);
    expectFiles(pid, count);
    const stopCpu = startCpuMeter({ api: pid });
    const began = performance.now();
    const listeners = await startVisitors(
      { kind: 'listeners', url, path, count, withinMs: WITHIN_MS },
      join(bench.stack.logFolder, 'bench-visitors.log'),
    );
    try {
      const { p50, p99 } = await hold();
      const { ms, bytes, open } = await listeners.finish();
      const { api: cpuMs } = stopCpu();
      const { atFirst, peak } = endMemory();
      if (open !== count) throw new Error(`${open} of ${count} listeners were left`);
      const snapshots = summarise(ms);
      return {
        firstLookMs,
        snapshotP50Ms: snapshots.p50,
        snapshotP95Ms: snapshots.p95,
        snapshotMaxMs: snapshots.max,
        snapshotBytes: bytes / ms.length,
        listenersHoldP50Ms: p50,
        listenersHoldP99Ms: p99,
        apiMegabytes: atFirst / MEGABYTE,
        apiGrowthMegabytes: (peak - atFirst) / MEGABYTE,
        apiCpuShare: cpuMs / (performance.now() - began),
      };
    } finally {
      await listeners.close();
    }
  });

const alone = (bench: Bench): Promise<Figures> =>
  withNewApi(bench, async ({ hold }) => {
    const { p50, p99 } = await hold();
    return { aloneHoldP50Ms: p50, aloneHoldP99Ms: p99 };
  });

/** The minute in which a sale opens: everybody opens the page of one large hall, and begins with its whole map. */
export const listeners: Case = {
  id: 'listeners',
  title: `1,000 new listeners of a map of 100,000 seats within 5 s, 20 holds a second in it; what they share takes its memory of SEAT_MAP_CACHE_MB (${SEAT_MAP_CACHE_MB})`,
  rounds: 3,
  targets: [
    {
      title: 'from the arrival to the whole snapshot (p95, ms)',
      of: ({ snapshotP95Ms }) => snapshotP95Ms!,
      atMost: 1_000,
    },
    {
      title: 'the first look of all at the map, in a new API (ms)',
      of: ({ firstLookMs }) => firstLookMs!,
    },
    {
      title:
        'growth of a new API’s resident memory at its peak (MB), the first look included, within SEAT_MAP_CACHE_MB',
      of: ({ apiGrowthMegabytes }) => apiGrowthMegabytes!,
      atMost: SEAT_MAP_CACHE_MB,
    },
    {
      title: 'a hold meanwhile, relative to a hold without listeners (p50)',
      of: ({ listenersHoldP50Ms, aloneHoldP50Ms }) => listenersHoldP50Ms! / aloneHoldP50Ms!,
      atMost: 1.3,
    },
  ],
  async measure(bench, round) {
    const figures: Figures = {};
    const take = (measure: typeof alone) => async () =>
      void Object.assign(figures, await measure(bench));
    // Without the relay, which is not measured here.
    await takeTurns(bench, round, [
      { of: 'baseline', measure: take(withListeners) },
      { of: 'baseline', measure: take(alone) },
    ]);
    return figures;
  },
};
