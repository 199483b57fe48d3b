import type { Chart } from '../../report/charts';
import type { Report } from '../../report/report';
import type { Table } from '../../product';
import { ANSWERS, type AnswerKind } from '../model/recorder';
import { findings, fullness } from './findings';
import type { ScaleRun } from './run';

type Points = (readonly [number, number])[];

/** Charts take at most so many points: more cannot be seen. */
const POINTS = 300;

/** A value a second as points; of a long row every so many seconds one, the highest. */
function bySecond(values: readonly number[], until: number): Points {
  const shown = values.slice(0, until);
  const every = Math.max(1, Math.ceil(shown.length / POINTS));
  const points: Points = [];
  for (let start = 0; start < shown.length; start += every) {
    points.push([start, shown.slice(start, start + every).reduce((high, value) => Math.max(high, value), 0)]);
  }
  return points;
}

const NAMES: Record<AnswerKind, string> = { held: 'holds', refused: 'refused', paid: 'payments', map: 'seat maps' };

const line = (title: string, yLabel: string, series: { name: string; points: Points }[], note?: string): Chart => ({
  kind: 'line',
  title,
  xLabel: 'seconds after the opening',
  yLabel,
  series,
  ...(note !== undefined && { note }),
});

export function chartsOf(run: ScaleRun): Chart[] {
  const { recorder, readings, scenario } = run;
  const { seconds } = recorder;
  const early = 60;
  const late = Math.min(seconds.length, scenario.minutes * 60 + 60);
  const kinds = ANSWERS.filter((kind) => recorder.over([kind]).count > 0);
  const answers = (until: number) =>
    kinds.map((kind) => ({
      name: NAMES[kind],
      points: bySecond(
        seconds.map((second) => second.answers[kind].count),
        until,
      ),
    }));
  const latency = (share: number) =>
    bySecond(
      seconds.map((_, second) => recorder.over(['held', 'refused', 'paid'], second, second + 1).percentile(share)),
      early,
    );
  const queues = [...readings.queues].filter(([, values]) => values.some((value) => value > 0));
  const front = queues.filter(([name]) => /before an event loop|before a connection/.test(name));
  const behind = queues.filter(([name]) => !/before an event loop|before a connection/.test(name));
  const drained = Math.min(readings.freeSeats.length, 1 + lastSecondOf(behind.map(([, values]) => values)));
  const asSeries = (of: [string, number[]][], until: number) =>
    of.map(([name, values]) => ({ name, points: bySecond(values, until) }));
  const use = [...readings.use].map(([name, values]): [string, number[]] => [name, values.map((value) => 100 * value)]);
  const sold = readings.freeSeats.map((free) => scenario.seats - free);
  return [
    line('Buyers who come', 'a second', [
      {
        name: 'buyers',
        points: bySecond(
          seconds.map((one) => one.arrived),
          late,
        ),
      },
    ]),
    line('Answers in the first minute', 'a second', answers(early)),
    line('How fast holds, refusals and payments are answered', 'ms', [
      { name: 'p50', points: latency(0.5) },
      { name: 'p99', points: latency(0.99) },
    ]),
    line('Seats held or sold', 'seats', [{ name: 'seats', points: bySecond(sold, late) }]),
    ...(front.length > 0 ? [line('Requests that wait', 'requests', asSeries(front, early))] : []),
    line('Work behind the answers that waits', 'how many', asSeries(behind.slice(0, 4), drained)),
    line('Use in the first minute: what answers', 'per cent', asSeries(use.slice(0, 2), early)),
    line('Use: what works behind the answers', 'per cent', asSeries(use.slice(2), drained)),
  ];
}

const lastSecondOf = (rows: number[][]): number =>
  rows.reduce(
    (last, values) =>
      Math.max(
        last,
        values.findLastIndex((value) => value > 0),
      ),
    0,
  );

export function summaryTable(run: ScaleRun): Table {
  const found = findings(run);
  const { outcomes, reservations } = run.crowd;
  return {
    title: 'What becomes of it',
    columns: ['figure', 'value'],
    rows: [
      ['buyers who bought', outcomes.bought],
      ['buyers who held and did not pay', outcomes.lapsed],
      ['buyers who found it sold out', outcomes.soldOut],
      ['buyers who gave up after refusals', outcomes.gaveUp],
      ['holds', reservations.length],
      ['seats sold', run.soldSeats],
      ['all seats held after, seconds', found.soldOutAtSecond ?? 'never'],
      ['most answers in a second', found.peakPerSecond],
      ['answered, p50, ms', found.p50Ms],
      ['answered, p99, ms', found.p99Ms],
      ['answered, p99 in the worst second, ms', found.worstP99Ms],
      ['hold → adopted, p99, s', found.adoptP99Seconds],
      ['payment → confirmed, p99, s', found.confirmP99Seconds],
      ['payment → tickets mailed, p99, s', found.ticketP99Seconds],
    ],
  };
}

export function useTable(run: ScaleRun): Table {
  return {
    title: 'How full it gets',
    columns: ['what', 'peak use, %', 'full from second', 'full for, s'],
    rows: fullness(run).map(({ resource, peak, fullFrom, fullSeconds }) => [
      resource,
      100 * peak,
      fullFrom ?? '',
      fullSeconds,
    ]),
    note: 'Peak: the mean over the fullest five seconds. Full: above 95 % for five seconds on end.',
  };
}

export function scaleReport(run: ScaleRun, tables: readonly Table[], costsFrom: string): Report {
  const { scenario, deployment } = run;
  return {
    title: `Simulated: ${scenario.name}`,
    intro: [
      'A discrete-event simulation of the engine under load, from the CPU time that each step was measured to cost. Nothing here was measured at this size: how far the model is off where it can be compared is what `npm run simulate -- --check` says.',
    ],
    tables,
    charts: chartsOf(run),
    meta: {
      Deployment: Object.entries(deployment)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      'Unit costs': costsFrom,
      Simulated: `${run.seconds} s in ${run.events.toLocaleString('en-GB')} events`,
    },
  };
}
