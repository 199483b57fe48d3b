import { join } from 'node:path';
import { readSettings } from '../../product';
import { summarise } from '../../report/statistics';
import type { Bench, Case, Figures } from '../case';
import { startCpuMeter } from '../cpu';
import { holdPaced, makeBuyers, scaled } from '../holds';
import { expectFiles } from '../listeners/listeners';
import { watchMemory } from '../memory';
import { takeTurns } from '../turns';
import { startVisitors } from '../visitors/visitors';

const SEATS = 100_000;
const LISTENERS = 1_000;
const WITHIN_MS = 5_000;
const HOLD_EVERY_MS = 50;
const MEGABYTE = 1_000_000;

/** What maps may take of the memory of one API process, in megabytes. */
const { SEAT_MAP_CACHE_MB } = readSettings(['SEAT_MAP_CACHE_MB'], {});

/** An event whose map the API has read, and buyers of its seats for the time in which the listeners come. */
async function prepare(bench: Bench) {
  const event = await bench.makeEvent(scaled(bench, SEATS));
  const map = await fetch(`${bench.apiUrl}/v1/events/${event.slug}/seats`);
  await map.arrayBuffer();
  const buyers = makeBuyers(event, event.labels.slice(0, WITHIN_MS / HOLD_EVERY_MS));
  return { event, buyers };
}

async function withListeners(bench: Bench): Promise<Figures> {
  const { event, buyers } = await prepare(bench);
  const { apiUrl: url, stack } = bench;
  const { api } = stack.pids();
  const count = scaled(bench, LISTENERS);
  expectFiles(api, count);
  const path = `/v1/events/${event.slug}/stream`;
  const endMemory = watchMemory(api);
  const stopCpu = startCpuMeter({ api });
  const began = performance.now();
  const listeners = await startVisitors(
    { kind: 'listeners', url, path, count, withinMs: WITHIN_MS },
    join(stack.logFolder, 'bench-visitors.log'),
  );
  try {
    const { p50, p99 } = await holdPaced(bench, buyers, HOLD_EVERY_MS);
    const { ms, bytes, open } = await listeners.finish();
    const { api: cpuMs } = stopCpu();
    const { atFirst, peak } = endMemory();
    if (open !== count) throw new Error(`${open} of ${count} listeners were left`);
    const snapshots = summarise(ms);
    return {
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
    endMemory();
    await listeners.close();
  }
}

async function alone(bench: Bench): Promise<Figures> {
  const { buyers } = await prepare(bench);
  const { p50, p99 } = await holdPaced(bench, buyers, HOLD_EVERY_MS);
  return { aloneHoldP50Ms: p50, aloneHoldP99Ms: p99 };
}

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
      title: 'growth of the API’s resident memory at its peak (MB), within SEAT_MAP_CACHE_MB',
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
