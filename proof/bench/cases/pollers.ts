import { join } from 'node:path';
import { summarise } from '../../report/statistics';
import type { Bench, Case, Figures } from '../case';
import { startCpuMeter } from '../cpu';
import { holdPaced, makeBuyers, perSecond, scaled } from '../holds';
import { expectFiles } from '../listeners/listeners';
import { takeTurns } from '../turns';
import { startVisitors } from '../visitors/visitors';

const SEATS = 100_000;
const POLLERS = 2_000;
const EACH_EVERY_MS = 10_000;
/** Each hold changes one seat of the map. */
const HOLDS = 300;
const CHANGE_EVERY_MS = 100;

/** An event whose map the API has read, and buyers of its seats. */
async function prepare(bench: Bench) {
  const event = await bench.makeEvent(scaled(bench, SEATS));
  const path = `/v1/events/${event.slug}/seats`;
  const map = await fetch(bench.apiUrl + path, { headers: { 'Accept-Encoding': 'gzip' } });
  await map.arrayBuffer();
  const etag = map.headers.get('etag');
  if (etag === null) throw new Error('the map has no ETag');
  const buyers = makeBuyers(event, event.labels.slice(0, scaled(bench, HOLDS, 100)));
  return { path, etag, buyers };
}

async function withPollers(bench: Bench): Promise<Figures> {
  const { path, etag, buyers } = await prepare(bench);
  const { apiUrl: url, stack } = bench;
  const { api } = stack.pids();
  const count = scaled(bench, POLLERS);
  expectFiles(api, count);
  const pollers = await startVisitors(
    { kind: 'pollers', url, path, count, everyMs: EACH_EVERY_MS, etag },
    join(stack.logFolder, 'bench-visitors.log'),
  );
  try {
    const stopCpu = startCpuMeter({ api, pollers: pollers.pid });
    const began = performance.now();
    const { p50, p99 } = await holdPaced(bench, buyers, CHANGE_EVERY_MS);
    const wallMs = performance.now() - began;
    const spent = stopCpu();
    const { ms, statuses, bytes, closed } = await pollers.finish();
    const changed = statuses[200] ?? 0;
    if (closed > 0) throw new Error(`the server closed ${closed} connections`);
    if (changed < ms.length / 2)
      throw new Error(`${changed} of ${ms.length} polls found a change: the seats do not change`);
    const polls = summarise(ms);
    return {
      pollP50Ms: polls.p50,
      pollP95Ms: polls.p95,
      pollMaxMs: polls.max,
      pollsPerSecond: perSecond(ms.length, wallMs),
      pollBytes: bytes / ms.length,
      changedShare: changed / ms.length,
      pollersHoldP50Ms: p50,
      pollersHoldP99Ms: p99,
      apiCpuShare: spent.api / wallMs,
      pollersCpuShare: spent.pollers / wallMs,
    };
  } finally {
    await pollers.close();
  }
}

async function alone(bench: Bench): Promise<Figures> {
  const { buyers } = await prepare(bench);
  const { p50, p99 } = await holdPaced(bench, buyers, CHANGE_EVERY_MS);
  return { aloneHoldP50Ms: p50, aloneHoldP99Ms: p99 };
}

/** Pages that fetch the map again and again instead of listening, while it changes all the time. */
export const pollers: Case = {
  id: 'pollers',
  title:
    '2,000 pollers of a map of 100,000 seats, each every 10 s (200 a second), while a seat changes every 100 ms',
  rounds: 3,
  targets: [
    { title: 'a poll (p50, ms)', of: ({ pollP50Ms }) => pollP50Ms!, atMost: 100 },
    {
      title: 'a hold meanwhile, relative to a hold without pollers (p50)',
      of: ({ pollersHoldP50Ms, aloneHoldP50Ms }) => pollersHoldP50Ms! / aloneHoldP50Ms!,
    },
  ],
  async measure(bench, round) {
    const figures: Figures = {};
    const take = (measure: typeof alone) => async () =>
      void Object.assign(figures, await measure(bench));
    // Without the relay, which is not measured here.
    await takeTurns(bench, round, [
      { of: 'baseline', measure: take(withPollers) },
      { of: 'baseline', measure: take(alone) },
    ]);
    return figures;
  },
};
