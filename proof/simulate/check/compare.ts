import type { Chart } from '../../report/charts';
import type { Report } from '../../report/report';
import { summarise } from '../../report/statistics';
import { formatCell, type Table } from '../../product';
import type { Play, Seen } from './play';

/** A play with what was seen of it, really and in the simulation. */
export interface Compared {
  play: Play;
  real: Seen;
  simulated: Seen;
  /** Cores that somebody else used while it was played really. */
  foreignCores: number;
}

interface Figure {
  play: string;
  name: string;
  real: number;
  simulated: number;
}

/** How often something happened a second, from the first time to the last. */
function rate(times: readonly number[]): number {
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined || last <= first ? 0 : (1000 * (times.length - 1)) / (last - first);
}

function figuresOf({ play, real, simulated }: Compared): Figure[] {
  const of = (name: string, what: (seen: Seen) => number): Figure => ({
    play: play.name,
    name,
    real: what(real),
    simulated: what(simulated),
  });
  const holds = (seen: Seen): number => seen.heldMs.length + seen.refusedMs.length;
  const figures = [of('answers a second', (seen) => (1000 * (holds(seen) + seen.paidMs.length)) / seen.answeredMs)];
  for (const [name, kind] of [
    ['hold', 'heldMs'],
    ['refused', 'refusedMs'],
    ['payment', 'paidMs'],
  ] as const) {
    if (real[kind].length === 0) continue;
    figures.push(of(`${name} p50, ms`, (seen) => summarise(seen[kind]).p50));
    figures.push(of(`${name} p99, ms`, (seen) => summarise(seen[kind]).p99));
  }
  figures.push(of('held', (seen) => seen.heldMs.length));
  figures.push(of('actors started a second', (seen) => rate(seen.startedAt)));
  if (real.confirmedAt.length > 0) {
    figures.push(of('confirmed a second', (seen) => rate(seen.confirmedAt)));
    figures.push(of('last confirmed after, s', (seen) => (seen.confirmedAt.at(-1) ?? 0) / 1000));
  }
  return figures;
}

/** How far the simulation is off, as a share of the real value. */
const errorOf = ({ real, simulated }: Figure): number => (real === 0 ? 0 : simulated / real - 1);
const signed = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(0)} %`;

export function comparisonTable(all: readonly Compared[]): Table {
  return {
    title: 'Real and simulated',
    columns: ['play', 'figure', 'real', 'simulated', 'off by'],
    rows: all.flatMap((one) =>
      figuresOf(one).map((figure) => [
        figure.play,
        figure.name,
        formatCell(figure.real),
        formatCell(figure.simulated),
        signed(errorOf(figure)),
      ]),
    ),
  };
}

const RATE = /a second$/;
const MEDIAN = /p50/;
const TAIL = /p99/;

/** How far off the simulation is by kind of figure: the mean of the absolute errors, and the worst. */
export function errorSummary(all: readonly Compared[]): { name: string; mean: number; worst: number }[] {
  const figures = all.flatMap(figuresOf);
  return [
    ['rates', RATE],
    ['medians', MEDIAN],
    ['99 of 100', TAIL],
  ].map(([name, kind]) => {
    const errors = figures.filter((one) => (kind as RegExp).test(one.name)).map((one) => Math.abs(errorOf(one)));
    return {
      name: name as string,
      mean: errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length),
      worst: Math.max(0, ...errors),
    };
  });
}

/** How many had happened by when. */
const cumulative = (times: readonly number[]): [number, number][] => {
  const every = Math.max(1, Math.ceil(times.length / 200));
  return times.flatMap((at, index): [number, number][] =>
    index % every === 0 || index === times.length - 1 ? [[at / 1000, index + 1]] : [],
  );
};

const distribution = (values: readonly number[]): [number, number][] => {
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from({ length: 99 }, (_, index) => [
    index + 1,
    sorted[Math.floor(((index + 1) / 100) * sorted.length)] ?? 0,
  ]);
};

export function chartsOf({ play, real, simulated }: Compared): Chart[] {
  const both = (points: (seen: Seen) => [number, number][]) => [
    { name: 'real', points: points(real) },
    { name: 'simulated', points: points(simulated) },
  ];
  const answers = (seen: Seen): number[] => [...seen.heldMs, ...seen.refusedMs];
  const charts: Chart[] = [
    {
      kind: 'line',
      title: `${play.title}: how long an answer takes`,
      xLabel: 'per cent of the answers',
      yLabel: 'ms at most',
      series: both((seen) => distribution(answers(seen))),
    },
    {
      kind: 'line',
      title: `${play.title}: actors started`,
      xLabel: 'seconds',
      yLabel: 'actors',
      series: both((seen) => cumulative(seen.startedAt)),
    },
  ];
  if (real.confirmedAt.length > 0) {
    charts.push({
      kind: 'line',
      title: `${play.title}: confirmed`,
      xLabel: 'seconds',
      yLabel: 'reservations',
      series: both((seen) => cumulative(seen.confirmedAt)),
    });
  }
  return charts;
}

export function checkReport(all: readonly Compared[], meta: Record<string, string>): Report {
  const errors = errorSummary(all).map(
    ({ name, mean, worst }) =>
      `${name} ${(100 * mean).toFixed(0)} % off on average, ${(100 * worst).toFixed(0)} % at worst`,
  );
  return {
    title: 'The simulation beside a real run',
    intro: [
      'The same small scenarios, once on a real system on this machine and once in the simulation of it, with the processors shared by all parts, the load generator included.',
      `${errors.join('; ')}.`,
    ],
    tables: [comparisonTable(all)],
    charts: all.flatMap(chartsOf),
    meta,
  };
}
