import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../product';
import type { Chart } from '../../report/charts';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { holdPaced, holdQuietly, makeBuyers, perSecond, scaled } from '../holds';
import { endLifecycles } from '../lifecycles';

/** Several times what two cores adopt. */
const BURST = { holds: 4_000, everyMs: 5 };
const SAMPLE_MS = 250;
/** A buyer who pays would notice a longer pause of the adoption. */
const MAX_PAUSE_MS = 2_000;
const DRAIN_TIMEOUT_MS = 10 * 60_000;
const CHART_POINTS = 120;
const METRIC = 'holdfast_outbox_entries';

const WAITING = sql(
  'backlog_waiting',
  // After `quiesce` no other starts wait. The cost of this query is part of the measurement, and small.
  `select (select count(*) from reservations where event_id = $1) as held,
          (select count(*) from outbox where kind = 'start') as waiting`,
);

/** How many holds waited in the outbox, and how many were adopted, at one time. */
interface Sample {
  atMs: number;
  waiting: number;
  adopted: number;
}

interface BacklogMonitor {
  samples: Sample[];
  /** To be called after the last hold. Resolves when nothing waits, with the samples since the call. */
  drained(): Promise<Sample[]>;
}

function monitorBacklog({ db }: Bench, { id }: BenchEvent): BacklogMonitor {
  const samples: Sample[] = [];
  const started = performance.now();
  let endedAtMs = Infinity;
  const poll = async (): Promise<void> => {
    for (;;) {
      // The time before the query: the result is not older.
      const atMs = performance.now() - started;
      const [row] = await db.rows<{ held: number; waiting: number }>(WAITING, [id]);
      const { held, waiting } = row!;
      samples.push({ atMs, waiting, adopted: held - waiting });
      if (waiting === 0 && atMs > endedAtMs) return;
      if (atMs > endedAtMs + DRAIN_TIMEOUT_MS)
        throw new Error(`${waiting} holds wait ten minutes after the burst`);
      await delay(SAMPLE_MS);
    }
  };
  const polling = poll();
  polling.catch(() => undefined); // `drained` reports the error.
  return {
    samples,
    async drained() {
      endedAtMs = performance.now() - started;
      await polling;
      return samples.filter(({ atMs }) => atMs > endedAtMs);
    },
  };
}

/** The longest time in which holds waited and none was adopted. */
export function longestPauseMs(samples: readonly Sample[]): number {
  let [longest, since] = [0, samples[0]?.atMs ?? 0];
  for (const [index, { atMs, adopted }] of samples.entries()) {
    const before = samples[index - 1];
    if (before?.waiting !== 0 && before?.adopted === adopted)
      longest = Math.max(longest, atMs - since);
    else since = atMs;
  }
  return longest;
}

/** The backlog, read from /metrics. */
async function readMetric({ apiUrl, keys }: Bench): Promise<number> {
  const answer = await fetch(`${apiUrl}/metrics`, {
    headers: { authorization: `Bearer ${keys.operator}` },
  });
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${METRIC}{`));
  if (line === undefined) throw new Error(`there is no ${METRIC} in /metrics`);
  return Number(line.split(' ')[1]);
}

function chartOf(samples: readonly Sample[]): Chart {
  const every = Math.ceil(samples.length / CHART_POINTS);
  const shown = samples.filter((_, index) => index % every === 0);
  const line = (name: string, of: (sample: Sample) => number) => ({
    name,
    points: shown.map((sample) => [sample.atMs / 1000, of(sample)] as const),
  });
  return {
    kind: 'line',
    title: 'A burst: holds that wait for their actor, and adopted ones',
    xLabel: 'seconds since the burst began',
    yLabel: 'holds',
    series: [line('waiting', ({ waiting }) => waiting), line('adopted', ({ adopted }) => adopted)],
  };
}

async function measure(bench: Bench): Promise<Figures> {
  const quiet = await holdQuietly(bench);
  const event = await bench.makeEvent(scaled(bench, BURST.holds));
  const buyers = makeBuyers(event, event.labels);
  const backlog = monitorBacklog(bench, event);
  const { p99: burstP99Ms } = await holdPaced(bench, buyers, BURST.everyMs);
  const backlogMetricCount = await readMetric(bench);
  const { samples } = backlog;
  const draining = await backlog.drained();
  if (draining.some(({ waiting }, index) => waiting > (draining[index - 1]?.waiting ?? Infinity))) {
    throw new Error('the backlog grew after the last hold');
  }
  bench.chart(chartOf(samples));
  await endLifecycles(bench, [...quiet.buyers, ...buyers]);
  const [{ atMs, waiting, adopted }, last] = [draining[0]!, draining.at(-1)!];
  return {
    quietP99Ms: quiet.p99Ms,
    burstP99Ms,
    backlogMetricCount,
    adoptedMeanwhilePerSecond: perSecond(adopted, atMs),
    adoptedAfterwardsPerSecond: perSecond(waiting, last.atMs - atMs),
    longestPauseMs: longestPauseMs(samples),
  };
}

/** A burst that is faster than the adoption: buyers are answered as before, and the actors catch up. */
export const backlog: Case = {
  id: 'backlog',
  title: 'A burst of 200 holds a second for 20 s, several times the rate of adoption',
  rounds: 2,
  targets: [
    {
      title: 'a hold during the burst, relative to a hold at 10 a second (p99)',
      of: ({ burstP99Ms, quietP99Ms }) => burstP99Ms! / quietP99Ms!,
      atMost: 3,
    },
    {
      title: 'longest pause of the adoption while holds wait (ms)',
      of: ({ longestPauseMs }) => longestPauseMs!,
      atMost: MAX_PAUSE_MS,
    },
    {
      title: 'holds that wait for their actor at the end of the burst, from /metrics',
      of: ({ backlogMetricCount }) => backlogMetricCount!,
    },
  ],
  measure,
};
