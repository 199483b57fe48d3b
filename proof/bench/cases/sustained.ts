import { sql } from '../../product';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { startCpuMeter, untilIdle } from '../cpu';
import { countEvents } from '../histories';
import { scaled } from '../holds';
import { withLifecycles, type LifecycleTestbed } from '../lifecycle-testbed';
import { endLifecycles, baselineLifecycles, ourLifecycles, runLifecycles } from '../lifecycles';
import { takeTurns } from '../turns';

const LIFECYCLES = 600;
/**
 * Some two dozen lifecycles have work at any time, which fills two cores; the others wait for their payment. The payment
 * comes long after the hold is adopted: an earlier one would make the history shorter than that of the baseline.
 */
const PACE = { inFlight: 60, payAfterMs: 1_500 };
const WARM_UP_LIFECYCLES = 200;
/**
 * A life takes seconds here. Looks at ours every 5 ms took 9 % of a processor from them, and nothing
 * from the baseline, whose worker tells its steps by itself.
 */
const SEEN_EVERY_MS = 20;

const SOLD = sql(
  'sustained_sold',
  `select (select count(*) from reservations where event_id = $1 and status = 'confirmed') as confirmed,
          (select count(*) from seats where event_id = $1 and status = 'sold') as sold,
          (select count(*) from outbox o join reservations r on r.id = o.subject where r.event_id = $1) as waiting`,
);

async function expectSold({ db }: Bench, { id, labels }: BenchEvent): Promise<void> {
  const [row] = await db.rows<{ confirmed: number; sold: number; waiting: number }>(SOLD, [id]);
  const { confirmed, sold, waiting } = row!;
  if (confirmed !== labels.length || sold !== labels.length || waiting > 0) {
    throw new Error(
      `of ${labels.length}: ${confirmed} confirmed, ${sold} sold, ${waiting} still in the outbox`,
    );
  }
}

/** As the first release's life had: two activities, a timer and a signal. The baseline keeps it. */
const BASELINE_EVENTS = 24;
/** A payment that comes before the actor waits saves the timer and its cancellation. */
const MAY_DIFFER = 2;

/** @throws Error when the baseline is no longer what it was, or ours has more steps than it */
function expectEvents({ oursEvents, limitEvents }: Figures): void {
  if (Math.abs(limitEvents! - BASELINE_EVENTS) > MAY_DIFFER || oursEvents! > limitEvents!)
    throw new Error(
      `a reservation's history has ${oursEvents} events, the baseline's ${limitEvents} instead of ${BASELINE_EVENTS}`,
    );
}

/** Milliseconds of processor time for one lifecycle, by process and in total. */
function cpuFigures(side: string, spent: Record<string, number>, count: number): Figures {
  const all = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
  const parts = Object.entries(spent).map(
    ([name, ms]) => [`${side}${name}CpuMs`, ms / count] as const,
  );
  return { ...Object.fromEntries(parts), [`${side}CpuMs`]: all / count };
}

async function measureOurs(
  bench: Bench,
  { watcher }: LifecycleTestbed,
  count: number,
): Promise<Figures> {
  const event = await bench.makeEvent(count);
  const lifecycles = await ourLifecycles(bench, event, watcher, PACE.inFlight);
  const { api, workers, temporal, postgres } = bench.stack.pids();
  const pids = { Api: api, Worker: workers[0]!, Temporal: temporal, Postgres: postgres };
  const stop = startCpuMeter(pids, [watcher.backendPid]);
  const oursPerSecond = await runLifecycles(lifecycles, PACE);
  await untilIdle([temporal, workers[0]!]);
  const spent = stop();
  lifecycles.close();
  await expectSold(bench, event);
  const oursEvents = await countEvents(bench.temporal, lifecycles);
  await endLifecycles(bench, lifecycles.all);
  return {
    oursPerSecond,
    ...cpuFigures('ours', spent, count),
    oursEvents,
  };
}

async function measureBaseline(
  bench: Bench,
  { baseline, watcher }: LifecycleTestbed,
  count: number,
): Promise<Figures> {
  const lifecycles = baselineLifecycles(baseline, count);
  const { temporal, postgres } = bench.stack.pids();
  // PostgreSQL counts too: it may be the database of Temporal.
  const pids = { Worker: baseline.pid, Temporal: temporal, Postgres: postgres };
  const stop = startCpuMeter(pids, [watcher.backendPid]);
  const own = process.cpuUsage();
  const limitPerSecond = await runLifecycles(lifecycles, PACE);
  await untilIdle([temporal, baseline.pid]);
  const { user, system } = process.cpuUsage(own);
  const spent = { ...stop(), Starter: (user + system) / 1000 };
  const limitEvents = await countEvents(bench.temporal, lifecycles);
  await endLifecycles(bench, lifecycles.all);
  return {
    limitPerSecond,
    ...cpuFigures('baseline', spent, count),
    limitEvents,
  };
}

const optionsOf = (bench: Bench, round: number) => ({
  round,
  warmUp: scaled(bench, WARM_UP_LIFECYCLES),
  seenEveryMs: SEEN_EVERY_MS,
});

/** The rate at which the machine can sell for hours: from the hold to the confirmation, with no work left over. */
export const sustained: Case = {
  id: 'sustained',
  title: 'Hold, webhook, confirmed: the sustained rate',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title: 'reservations per second, relative to temporal',
      of: ({ oursPerSecond, limitPerSecond }) => oursPerSecond! / limitPerSecond!,
      atLeast: 1,
    },
    {
      title: 'processor time a reservation, relative to temporal',
      of: ({ oursCpuMs, baselineCpuMs }) => oursCpuMs! / baselineCpuMs!,
      atMost: 1.25,
    },
  ],
  measure: (bench, round) =>
    withLifecycles(bench, optionsOf(bench, round), async (stand) => {
      const count = scaled(bench, LIFECYCLES, 3 * PACE.inFlight);
      const figures: Figures = {};
      const take = (measure: typeof measureOurs) => async () => {
        Object.assign(figures, await measure(bench, stand, count));
      };
      await takeTurns(bench, round, [
        { of: 'ours', measure: take(measureOurs) },
        { of: 'baseline', measure: take(measureBaseline) },
      ]);
      expectEvents(figures);
      return figures;
    }),
};
