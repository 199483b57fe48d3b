import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../product';
import type { Chart } from '../../report/charts';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { expectStatuses, holdOurs, makeBuyers, perSecond, scaled, type BuyerRequest } from '../holds';
import { endLives } from '../lives';

const QUIET = { holds: 200, everyMs: 100 };
/** Several times what two cores adopt. */
const BURST = { holds: 4_000, everyMs: 5 };
const CONNECTIONS = 64;
const LOOK_EVERY_MS = 250;
/** Longer than that without one adoption, and a buyer who pays would notice. */
const MAY_PAUSE_MS = 2_000;
const DRAIN_LIMIT_MS = 10 * 60_000;
const CHART_POINTS = 120;
const METRIC = 'holdfast_outbox_entries';

const WAITING = sql(
  'backlog_waiting',
  // Nobody else's starts wait after a rest. To look costs next to nothing: it is part of what is measured.
  `select (select count(*) from reservations where event_id = $1) as held,
          (select count(*) from outbox where kind = 'start') as waiting`,
);

/** What stood in the outbox at a moment, and how many holds had been adopted by then. */
interface Look {
  atMs: number;
  waiting: number;
  adopted: number;
}

interface Watch {
  looks: Look[];
  /** To be called when nobody comes any more. Resolves with the looks from then on, when nothing waits. */
  drained(): Promise<Look[]>;
}

function watchBacklog({ db }: Bench, { id }: BenchEvent): Watch {
  const looks: Look[] = [];
  const started = performance.now();
  let endedAtMs = Infinity;
  const watch = async (): Promise<void> => {
    for (;;) {
      // Before it looks: what it sees is at least of this moment.
      const atMs = performance.now() - started;
      const [row] = await db.rows<{ held: number; waiting: number }>(WAITING, [id]);
      const { held, waiting } = row!;
      looks.push({ atMs, waiting, adopted: held - waiting });
      if (waiting === 0 && atMs > endedAtMs) return;
      if (atMs > endedAtMs + DRAIN_LIMIT_MS) throw new Error(`${waiting} holds wait ten minutes after the burst`);
      await delay(LOOK_EVERY_MS);
    }
  };
  const watching = watch();
  watching.catch(() => undefined); // Whoever waits for the end hears of it.
  return {
    looks,
    async drained() {
      endedAtMs = performance.now() - started;
      await watching;
      return looks.filter(({ atMs }) => atMs > endedAtMs);
    },
  };
}

/** The longest time in which nothing was adopted although something waited. */
export function longestPauseMs(looks: readonly Look[]): number {
  let [longest, since] = [0, looks[0]?.atMs ?? 0];
  for (const [index, { atMs, adopted }] of looks.entries()) {
    const before = looks[index - 1];
    if (before?.waiting !== 0 && before?.adopted === adopted) longest = Math.max(longest, atMs - since);
    else since = atMs;
  }
  return longest;
}

/** The backlog as the metric shows it. */
async function readMetric({ apiUrl, keys }: Bench): Promise<number> {
  const answer = await fetch(`${apiUrl}/metrics`, { headers: { authorization: `Bearer ${keys.operator}` } });
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${METRIC} `));
  if (line === undefined) throw new Error(`there is no ${METRIC} in /metrics`);
  return Number(line.split(' ')[1]);
}

function chartOf(looks: readonly Look[]): Chart {
  const every = Math.ceil(looks.length / CHART_POINTS);
  const shown = looks.filter((_, index) => index % every === 0);
  const line = (name: string, of: (look: Look) => number) => ({
    name,
    points: shown.map((look) => [look.atMs / 1000, of(look)] as const),
  });
  return {
    kind: 'line',
    title: 'A burst: holds that wait for their actor, and adopted ones',
    xLabel: 'seconds since the burst began',
    yLabel: 'holds',
    series: [line('waiting', ({ waiting }) => waiting), line('adopted', ({ adopted }) => adopted)],
  };
}

async function holdPaced(bench: Bench, buyers: readonly BuyerRequest[], everyMs: number): Promise<number> {
  const result = await holdOurs(bench, buyers, { connections: CONNECTIONS, everyMs });
  expectStatuses(result, { 201: buyers.length });
  return summarise(result.ms).p99;
}

async function measure(bench: Bench): Promise<Figures> {
  const quiet = await bench.makeEvent(scaled(bench, QUIET.holds, 50));
  const quietBuyers = makeBuyers(quiet, quiet.labels);
  const quietP99Ms = await holdPaced(bench, quietBuyers, QUIET.everyMs);
  await bench.rest();

  const event = await bench.makeEvent(scaled(bench, BURST.holds));
  const buyers = makeBuyers(event, event.labels);
  const backlog = watchBacklog(bench, event);
  const burstP99Ms = await holdPaced(bench, buyers, BURST.everyMs);
  const backlogMetricCount = await readMetric(bench);
  const { looks } = backlog;
  const draining = await backlog.drained();
  if (draining.some(({ waiting }, index) => waiting > (draining[index - 1]?.waiting ?? Infinity))) {
    throw new Error('the backlog grew although nobody came any more');
  }
  bench.chart(chartOf(looks));
  await endLives(bench, [...quietBuyers, ...buyers]);
  const [{ atMs, waiting, adopted }, last] = [draining[0]!, draining.at(-1)!];
  return {
    quietP99Ms,
    burstP99Ms,
    backlogMetricCount,
    adoptedMeanwhilePerSecond: perSecond(adopted, atMs),
    adoptedAfterwardsPerSecond: perSecond(waiting, last.atMs - atMs),
    longestPauseMs: longestPauseMs(looks),
  };
}

/** More buyers than actors can be started: they are answered all the same, and the actors catch up. */
export const backlog: Case = {
  id: 'backlog',
  title: 'A burst of 200 holds a second for 20 s, several times what is adopted meanwhile',
  rounds: 2,
  targets: [
    {
      title: 'a hold during the burst, of a hold at 10 a second (p99)',
      of: ({ burstP99Ms, quietP99Ms }) => burstP99Ms! / quietP99Ms!,
      atMost: 3,
    },
    {
      title: 'longest time without one adoption while holds wait (ms)',
      of: ({ longestPauseMs }) => longestPauseMs!,
      atMost: MAY_PAUSE_MS,
    },
    {
      title: 'holds waiting for their actor when the burst ends, by the metric',
      of: ({ backlogMetricCount }) => backlogMetricCount!,
    },
  ],
  measure,
};
