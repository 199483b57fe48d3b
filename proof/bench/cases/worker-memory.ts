import { setTimeout as delay } from 'node:timers/promises';
import { readSettings, sql } from '../../product';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { expectStatuses, holdSql, makeBuyers, scaled, type BuyerRequest } from '../holds';
import { endLifecycles } from '../lifecycles';
import { openReservationWatcher } from '../reservation-watcher';
import { paymentWebhook } from '../payments';
import { untilIdle } from '../cpu';
import { memoryBytesOf } from '../memory';

/** How many reservations are open when the memory is read. */
const STEPS = [2_000, 10_000, 20_000] as const;
const HOLDS_AT_ONCE = 10;
const PAID = 20;
const POLL_MS = 1_000;
/** Time for a garbage collection. */
const COLLECT_MS = 5_000;
const MEGABYTE = 1_000_000;

const WAITING = sql(
  'worker_memory_waiting',
  `select count(*) as waiting from outbox o join reservations r on r.id = o.subject where r.event_id = $1`,
);

async function untilAdopted({ db, stack, progress }: Bench, { id }: BenchEvent): Promise<void> {
  const giveUpAt = Date.now() + 20 * 60_000;
  for (let polls = 1; ; polls++) {
    const [row] = await db.rows<{ waiting: number }>(WAITING, [id]);
    if (row!.waiting === 0) break;
    if (Date.now() > giveUpAt)
      throw new Error(`${row!.waiting} holds are not adopted after twenty minutes`);
    if (polls % 30 === 0) progress(`${row!.waiting} holds have yet to get their actor`);
    await delay(POLL_MS);
  }
  const { workers, temporal } = stack.pids();
  await untilIdle([workers[0]!, temporal]);
  await delay(COLLECT_MS);
}

/** Pays the oldest, which are evicted from the workflow cache: their actors must act all the same. */
async function payTheOldest(bench: Bench, buyers: readonly BuyerRequest[]): Promise<void> {
  const { webhookSecrets, databaseUrl } = bench.stack.info();
  const watcher = await openReservationWatcher(databaseUrl);
  try {
    const oldest = buyers.slice(0, PAID);
    const requests = oldest.map(({ id }) => paymentWebhook(webhookSecrets.standard, id));
    const confirmed = Promise.all(oldest.map(({ id }) => watcher.confirmed(id)));
    expectStatuses(await bench.load.run({ baseUrl: bench.apiUrl, requests, connections: 4 }), {
      200: PAID,
    });
    const late = delay(60_000, 'late' as const, { ref: false });
    if ((await Promise.race([confirmed, late])) === 'late')
      throw new Error('an old reservation was paid and is not confirmed after a minute');
  } finally {
    await watcher.close();
  }
}

async function measure(bench: Bench): Promise<Figures> {
  const worker = bench.stack.part('worker-1')!;
  await worker.stop();
  await worker.start();
  const figures: Figures = {
    cachedWorkflowsCount: readSettings(['WORKER_CACHED_WORKFLOWS'], {}).WORKER_CACHED_WORKFLOWS,
    freshMegabytes: memoryBytesOf(worker.pid) / MEGABYTE,
  };
  const all: BuyerRequest[] = [];
  for (const step of STEPS) {
    const event = await bench.makeEvent(scaled(bench, step) - all.length);
    const buyers = makeBuyers(event, event.labels);
    all.push(...buyers);
    const started = performance.now();
    await holdSql(bench, buyers, HOLDS_AT_ONCE);
    await untilAdopted(bench, event);
    const [megabytes, seconds] = [
      memoryBytesOf(worker.pid) / MEGABYTE,
      (performance.now() - started) / 1000,
    ];
    bench.progress(
      `${all.length} open: ${megabytes.toFixed(0)} MB; the last ${buyers.length} took ${seconds.toFixed(0)} s`,
    );
    figures[`open${step}Megabytes`] = megabytes;
  }
  bench.chart({
    kind: 'bar',
    title: 'Memory of the reservations’ worker',
    unit: 'MB',
    categories: ['just started', ...STEPS.map((step) => `${step.toLocaleString('en-GB')} open`)],
    series: [
      {
        name: 'memory',
        values: [figures.freshMegabytes!, ...STEPS.map((step) => figures[`open${step}Megabytes`]!)],
      },
    ],
  });
  await payTheOldest(bench, all);
  await endLifecycles(bench, all);
  return figures;
}

/** Whether open reservations cost the worker memory, or its workflow cache alone bounds it. */
export const workerMemory: Case = {
  id: 'worker-memory',
  title: 'Memory of the reservations’ worker with 2,000, 10,000 and 20,000 open reservations',
  rounds: 1,
  ownStackOnly: true,
  targets: [
    {
      title: 'with 20,000 open, relative to 2,000 (the workflow cache is full by then)',
      of: ({ open2000Megabytes, open20000Megabytes }) => open20000Megabytes! / open2000Megabytes!,
      atMost: 1.15,
    },
    {
      title: 'with 20,000 open, relative to 10,000',
      of: ({ open10000Megabytes, open20000Megabytes }) => open20000Megabytes! / open10000Megabytes!,
      atMost: 1.1,
    },
  ],
  measure,
};
