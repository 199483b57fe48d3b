import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Chart } from '../report/charts';
import type { Report } from '../report/report';
import type { Table } from '../product';
import type { CaseResult, Judgement } from './judge';
import { shortName, type Commit, type Machine } from './machine';
import type { TemporalTarget } from './options';
import type { NoisyPeriod } from './testbed';

/** The result file of a run. */
export interface BenchResult {
  date: string;
  commit: Commit | null;
  machine: Machine;
  /** Below 1: a trial, whose figures mean little. */
  scale: number;
  /** null: unknown (`--running`). */
  apiProcesses: number | null;
  /** null: unknown (`--running`). */
  temporal: TemporalTarget | null;
  /** Only some of the cases. */
  partial: boolean;
  minutes: number;
  /** How long the calibration took on each core, before the first round and at the beginning of each. */
  calibrationMs: number[][];
  /** Measurements that began although other processes used the machine. */
  noisyPeriods: readonly NoisyPeriod[];
  /** The charts of the cases. */
  charts: readonly Chart[];
  cases: CaseResult[];
}

/** By how much the slowest calibration exceeds the fastest, as a share of the fastest. */
export function noiseOf(calibrationMs: readonly (readonly number[])[]): number {
  const all = calibrationMs.flat();
  return Math.max(...all) / Math.min(...all) - 1;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const figure = (value: number): string => value.toFixed(value >= 100 ? 0 : 2);

function boundOf({ atLeast, atMost }: Judgement): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
    ...(atMost === undefined ? [] : [`≤ ${atMost}`]),
  ];
  return bounds.join(', ');
}

const metOf = ({ met }: Judgement): string => (met === null ? '' : met ? 'yes' : 'NO');

/** The table that is printed: the figures of each case and their targets. */
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
      ...(failure === undefined ? [] : [[id, `failed: ${failure}`, '', '', '', '', 'NO']]),
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
      rows: Object.entries(medians).map(([name, value]) => [
        name,
        value,
        ...rounds.map((round) => round[name] ?? ''),
      ]),
    }));
}

/** The ratio of a figure to its bound: 1 is the bound, more is better. */
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
      note: 'In the order of the table. A margin above ten is drawn as ten.',
    });
  }
  return charts;
}

const RATE = /^(.*)PerSecond$/;

/** Ours beside the baselines, for the cases that have rates. */
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

function noiseChart({ calibrationMs }: BenchResult): Chart {
  return {
    kind: 'line',
    title: 'Noise of the machine: the same computation on every core, over the run',
    xLabel: 'before round',
    yLabel: 'ms',
    series: (calibrationMs[0] ?? []).map((_, core) => ({
      name: `core ${core + 1}`,
      points: calibrationMs.map((calibration, round) => [round, calibration[core] ?? 0] as const),
    })),
  };
}

export function verdictOf({ cases }: BenchResult): { ok: boolean; text: string } {
  const judged = cases.flatMap((one) => one.judged).filter(({ met }) => met !== null);
  const met = judged.filter((one) => one.met).length;
  const broken = cases.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
  const text = `${met} of ${judged.length} targets are met${broken.length > 0 ? `; failed: ${broken.join(', ')}` : ''}.`;
  return { ok: met === judged.length && broken.length === 0, text };
}

export function benchReport(result: BenchResult): Report {
  const {
    date,
    commit,
    machine,
    scale,
    apiProcesses,
    temporal,
    minutes,
    calibrationMs,
    noisyPeriods,
  } = result;
  return {
    title: 'Benchmark',
    intro: [
      'Each case is measured beside a baseline in the same run, on the same machine and database, in turns; the medians of the rounds are judged. Baselines: sql, the transaction of a hold alone, through the database driver; koa, a Koa handler that runs the shipped statement and starts no actor; koa-select, a Koa handler with one indexed SELECT; temporal, the smallest workflow with the same history, whose activities do nothing; pdf, a page printed by an open browser; no-observability, the API without logs and metrics.',
      'The load generator is a process of its own on the same machine, with persistent HTTP/1.1 connections; where the load is paced, latency counts from the time at which a request was due.',
      ...(scale < 1
        ? [
            'This was a trial at a fraction of the size: it shows that the cases work, not how fast.',
          ]
        : []),
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
      Noise: `${percent(noiseOf(calibrationMs))} between the fastest and the slowest of ${calibrationMs.flat().length} calibrations; ${noisyPeriods.length} measurements began although the machine was busy`,
    },
  };
}

/** Writes the result file, named by commit and machine; a later run of the same commit replaces it. @returns the file */
export function saveResult(folder: string, result: BenchResult): string {
  mkdirSync(folder, { recursive: true });
  const { commit, machine, scale, apiProcesses, temporal, partial } = result;
  const name = [
    commit?.id ?? 'unknown',
    ...(commit?.dirty ? ['changed'] : []),
    shortName(machine),
    ...((apiProcesses ?? 1) > 1 ? [`api-${apiProcesses}`] : []),
    ...(temporal === 'postgres' ? ['temporal-postgres'] : []),
    // A partial measurement must not replace a full one.
    ...(scale < 1 ? ['trial'] : partial ? ['part'] : []),
  ];
  const file = resolve(join(folder, `${name.join('-')}.json`));
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}
