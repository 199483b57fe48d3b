import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../product';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { startCpuMeter } from '../cpu';
import { expectStatuses, holdOurs, makeBuyers, scaled } from '../holds';
import { expectFiles, startListeners, type Arrivals } from '../listeners/listeners';
import { endLifecycles } from '../lifecycles';
import { takeTurns } from '../turns';

const LISTENERS = 2_000;
const HOLDS = 500;
const EVERY_MS = 20;
const CONNECTIONS = 32;
/** From the last hold; a change that has not arrived by then is missing. */
const GRACE_MS = 3_000;

const HELD_AT = sql(
  'streams_held_at',
  // By the clock of the database, so a little before the answer.
  `select s.label, extract(epoch from r.created_at)::float8 * 1000 as at_ms
     from reservations r join allocations a on a.reservation_id = r.id join seats s on s.id = a.seat_id
    where r.event_id = $1`,
);

/** How long each change took to each listener. @throws Error when one is missing or wrong */
async function delaysOf(
  bench: Bench,
  { id }: BenchEvent,
  arrivals: readonly Arrivals[],
): Promise<Float64Array> {
  const held = await bench.db.rows<{ label: string; at_ms: number }>(HELD_AT, [id]);
  const bySeat = new Map<string, Arrivals>();
  for (const one of arrivals) {
    for (const { label, status } of one.seats) {
      if (status !== 'held')
        throw new Error(`the stream says ${status} for ${label}, expected held`);
      bySeat.set(label, one);
    }
  }
  return Float64Array.from(
    held.flatMap(({ label, at_ms }) => {
      const { atMs } = bySeat.get(label) ?? {};
      if (!atMs) throw new Error(`no listener received ${label}`);
      if (atMs.some(Number.isNaN)) throw new Error(`not every listener received ${label}`);
      return Array.from(atMs, (at) => at - at_ms);
    }),
  ).sort();
}

async function hold(
  bench: Bench,
  event: BenchEvent,
): Promise<{ p50: number; p99: number; end: () => Promise<void> }> {
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs(bench, buyers, { connections: CONNECTIONS, everyMs: EVERY_MS });
  expectStatuses(result, { 201: buyers.length });
  return { ...summarise(result.ms), end: () => endLifecycles(bench, buyers) };
}

async function withListeners(bench: Bench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, HOLDS));
  const count = scaled(bench, LISTENERS);
  const { apiUrl: url, stack } = bench;
  const { api } = stack.pids();
  expectFiles(api, count);
  const request = { url, path: `/v1/events/${event.slug}/stream`, count };
  const listeners = await startListeners(request, join(stack.logFolder, 'bench-listeners.log'));
  try {
    const stop = startCpuMeter({ api, listeners: listeners.pid });
    const started = performance.now();
    const { p50, p99, end } = await hold(bench, event);
    const wallMs = performance.now() - started;
    const spent = stop();
    await delay(GRACE_MS);
    const delays = await delaysOf(bench, event, await listeners.finish());
    await end();
    return {
      listenersHoldP50Ms: p50,
      listenersHoldP99Ms: p99,
      changeP50Ms: delays[Math.floor(delays.length / 2)]!,
      changeP99Ms: delays[Math.floor(0.99 * delays.length)]!,
      changeMaxMs: delays.at(-1)!,
      changesReceivedCount: delays.length,
      apiCpuShare: spent.api / wallMs,
      listenersCpuShare: spent.listeners / wallMs,
    };
  } finally {
    await listeners.close();
  }
}

async function alone(bench: Bench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, HOLDS));
  const { api } = bench.stack.pids();
  const stop = startCpuMeter({ api });
  const started = performance.now();
  const { p50, p99, end } = await hold(bench, event);
  const aloneApiCpuShare = stop().api / (performance.now() - started);
  await end();
  return { aloneHoldP50Ms: p50, aloneHoldP99Ms: p99, aloneApiCpuShare };
}

/** Many browsers follow the seat map of one event. */
export const streams: Case = {
  id: 'streams',
  title: '2,000 listeners of one event’s stream, 50 holds a second',
  rounds: 3,
  targets: [
    {
      title: 'from the hold to its change at a listener (median, ms)',
      of: ({ changeP50Ms }) => changeP50Ms!,
      atMost: 1_000,
    },
    {
      title: 'a hold, relative to a hold without listeners (p50)',
      of: ({ listenersHoldP50Ms, aloneHoldP50Ms }) => listenersHoldP50Ms! / aloneHoldP50Ms!,
      atMost: 1.2,
    },
  ],
  async measure(bench, round) {
    const figures: Figures = {};
    const take = (measure: typeof alone) => async () =>
      void Object.assign(figures, await measure(bench));
    await takeTurns(bench, round, [
      { of: 'ours', measure: take(withListeners) },
      { of: 'ours', measure: take(alone) },
    ]);
    return figures;
  },
};
