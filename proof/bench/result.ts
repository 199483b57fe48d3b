import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Chart } from '../report/charts';
import type { Report } from '../report/report';
import type { Table } from '../product';
import type { CaseResult, Judgement } from './judge';
import { shortName, type Commit, type Machine } from './machine';
import type { TemporalTarget } from './options';
import type { Unrest } from './stand';

/** All that is kept of a run. */
export interface BenchResult {
  date: string;
  commit: Commit | null;
  machine: Machine;
  /** Below 1: a trial, whose figures say little. */
  scale: number;
  /** null: as many as the system that somebody runs has. */
  apiProcesses: number | null;
  /** null: the one that the system has that somebody runs. */
  temporal: TemporalTarget | null;
  /** Only some of the cases. */
  partial: boolean;
  minutes: number;
  /** How long the same sum took on each core, before the first round and at the beginning of each. */
  spinsMs: number[][];
  /** Which measurements were begun although the machine was busy. */
  unrest: readonly Unrest[];
  /** What the cases have shown beside their figures. */
  charts: readonly Chart[];
  cases: CaseResult[];
}

/** How far apart the slowest and the fastest of equal sums were, as a share of the fastest. */
export function noiseOf(spinsMs: readonly (readonly number[])[]): number {
  const all = spinsMs.flat();
  return Math.max(...all) / Math.min(...all) - 1;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const figure = (value: number): string => value.toFixed(value >= 100 ? 0 : 2);

function boundOf({ atLeast, atMost }: Judgement): string {
  const bounds = [...(atLeast === undefined ? [] : [`≥ ${atLeast}`]), ...(atMost === undefined ? [] : [`≤ ${atMost}`])];
  return bounds.join(', ');
}

const metOf = ({ met }: Judgement): string => (met === null ? '' : met ? 'yes' : 'NO');

/** The table that is printed: each case's figures against what was asked for. */
export function ratioTable({ cases }: BenchResult): Table {
  return {
    title: 'Against the targets',
    columns: ['case', 'figure', 'target', 'median', 'min', 'max', 'met'],
    rows: cases.flatMap(({ id, judged, failure }) => [
      ...judged.map((one) => [
        id,
        one.title,
        boundOf(one),
        figure(one.median),
        figure(one.min),
        figure(one.max),
        metOf(one),
      ]),
      ...(failure === undefined ? [] : [[id, `broke off: ${failure}`, '', '', '', '', 'NO']]),
    ]),
  };
}

/** The figures behind the ratios. */
function figureTables({ cases }: BenchResult): Table[] {
  return cases
    .filter(({ rounds }) => rounds.length > 0)
    .map(({ id, title, rounds, medians }) => ({
      title: `${id}: ${title}`,
      columns: ['figure', 'median', ...rounds.map((_, index) => `round ${index + 1}`)],
      rows: Object.entries(medians).map(([name, value]) => [name, value, ...rounds.map((round) => round[name] ?? '')]),
    }));
}

/** How far each bounded figure is on the good side of its bound: 1 is the bound, more is better. */
const marginOf = ({ median, atLeast, atMost }: Judgement): number =>
  atLeast !== undefined ? median / atLeast : atMost! / Math.max(median, 1e-9);

const MAX_CATEGORIES = 8;

function marginCharts({ cases }: BenchResult): Chart[] {
  const bounded = cases.flatMap(({ id, judged }) => {
    const own = judged.filter(({ met }) => met !== null);
    return own.map((one, index) => ({ id: own.length > 1 ? `${id} ${index + 1}` : id, one }));
  });
  const charts: Chart[] = [];
  for (let start = 0; start < bounded.length; start += MAX_CATEGORIES) {
    const part = bounded.slice(start, start + MAX_CATEGORIES);
    charts.push({
      kind: 'bar',
      title: 'Margin: 1 is the target, more is better',
      unit: '× target',
      categories: part.map(({ id }) => id),
      series: [{ name: 'margin', values: part.map(({ one }) => Math.min(10, marginOf(one))) }],
      note: 'In the order of the table. What is ten times better than its target, or more, is drawn as ten.',
    });
  }
  return charts;
}

const RATE = /^(.*)PerSecond$/;

/** Ours beside its limits, for the cases that have rates. */
function rateCharts({ cases }: BenchResult): Chart[] {
  return cases.flatMap(({ title, rounds, medians }): Chart[] => {
    const names = Object.keys(medians).filter((name) => RATE.test(name));
    if (names.length < 2) return [];
    return [
      {
        kind: 'bar',
        title,
        unit: 'per second',
        categories: rounds.map((_, index) => `round ${index + 1}`),
        series: names.slice(0, 4).map((name) => ({
          name: RATE.exec(name)![1]!,
          values: rounds.map((round) => round[name] ?? 0),
        })),
      },
    ];
  });
}

function noiseChart({ spinsMs }: BenchResult): Chart {
  return {
    kind: 'line',
    title: 'Noise of the machine: the same sum on every core, over the run',
    xLabel: 'before round',
    yLabel: 'ms',
    series: (spinsMs[0] ?? []).map((_, core) => ({
      name: `core ${core + 1}`,
      points: spinsMs.map((spins, round) => [round, spins[core] ?? 0] as const),
    })),
  };
}

export function verdictOf({ cases }: BenchResult): { ok: boolean; text: string } {
  const judged = cases.flatMap((one) => one.judged).filter(({ met }) => met !== null);
  const met = judged.filter((one) => one.met).length;
  const broken = cases.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
  const text = `${met} of ${judged.length} targets are met${broken.length > 0 ? `; broke off: ${broken.join(', ')}` : ''}.`;
  return { ok: met === judged.length && broken.length === 0, text };
}

export function benchReport(result: BenchResult): Report {
  const { date, commit, machine, scale, apiProcesses, temporal, minutes, spinsMs, unrest } = result;
  return {
    title: 'Benchmark',
    intro: [
      'Each case is measured beside its limit in the same run, on the same machine and database, in turns; the medians of the rounds are judged. Limits: (a) the hold’s transaction alone, through the database driver; (b) a bare Koa handler that runs the shipped statement and starts no actor; (c) a bare Koa handler with one indexed SELECT; (d) the smallest durable life of the same history shape, whose activities do nothing; (e) one page printed by an open browser.',
      'The load comes from a process of its own on the same machine, over kept HTTP/1.1 connections; where it is paced, latency counts from the moment at which a request was due.',
      ...(scale < 1 ? ['This was a trial at a fraction of the size: it shows that the cases work, not how fast.'] : []),
    ],
    verdict: verdictOf(result),
    tables: [ratioTable(result), ...figureTables(result)],
    charts: [...marginCharts(result), ...rateCharts(result), ...result.charts, noiseChart(result)],
    meta: {
      Date: date,
      Commit: commit ? `${commit.id}${commit.dirty ? ', changed' : ''}` : 'unknown',
      Machine: `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}`,
      Node: machine.node,
      Scale: String(scale),
      'API processes': String(apiProcesses ?? 'as found'),
      Temporal: temporal ?? 'as found',
      Took: `${minutes.toFixed(1)} minutes`,
      Noise: `${percent(noiseOf(spinsMs))} between the fastest and the slowest of ${spinsMs.flat().length} equal sums; ${unrest.length} measurements begun although the machine was busy`,
    },
  };
}

/** Keeps the figures by commit and machine. A later run of the same commit takes the earlier one's place. @returns the file */
export function saveResult(folder: string, result: BenchResult): string {
  mkdirSync(folder, { recursive: true });
  const { commit, machine, scale, apiProcesses, temporal, partial } = result;
  const name = [
    commit?.id ?? 'unknown',
    ...(commit?.dirty ? ['changed'] : []),
    shortName(machine),
    ...((apiProcesses ?? 1) > 1 ? [`api-${apiProcesses}`] : []),
    ...(temporal === 'postgres' ? ['temporal-postgres'] : []),
    // What is less than a whole measurement does not take the place of one.
    ...(scale < 1 ? ['trial'] : partial ? ['part'] : []),
  ];
  const file = resolve(join(folder, `${name.join('-')}.json`));
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}
