import { cpus } from 'node:os';
import type { Chart } from '../report/charts';
import type { Report } from '../report/report';
import { distributionCurve, summarise } from '../report/statistics';
import type { Table } from '../product';
import type { RaceOptions } from './options';
import type { Attempt, RaceResult } from './run';

/** The result of a race. */
export interface RaceFigures {
  requests: number;
  seats: number;
  won: number;
  failed: number;
  /** Requested seats with more than one winner. */
  collisions: number;
  /** Requested seats without a winner. */
  unsold: number;
  retries: number;
  ok: boolean;
}

const attemptsOf = (result: RaceResult) => result.rounds.flatMap(({ attempts }) => attempts);
const latencies = (attempts: readonly Attempt[], outcome?: Attempt['outcome']) =>
  attempts
    .filter((attempt) => outcome === undefined || attempt.outcome === outcome)
    .map(({ ms }) => ms);

export function countRace(result: RaceResult): RaceFigures {
  const attempts = attemptsOf(result);
  const count = (outcome: Attempt['outcome']) =>
    attempts.filter((attempt) => attempt.outcome === outcome).length;
  const bad = result.rounds.flatMap(({ badSeats }) => badSeats);
  return {
    requests: attempts.length,
    seats: result.rounds.reduce((sum, { seats }) => sum + seats.length, 0),
    won: count('won'),
    failed: count('failed'),
    collisions: bad.filter(({ winners }) => winners.length > 1).length,
    unsold: bad.filter(({ winners }) => winners.length === 0).length,
    retries: attempts.reduce((sum, { retries }) => sum + retries, 0),
    ok: bad.length === 0 && count('failed') === 0,
  };
}

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
const ms = (value: number) =>
  `${value >= 100 ? Math.round(value).toLocaleString('en-GB') : value.toFixed(1)} ms`;

/** The totals of the race in one row. */
export function raceTable(result: RaceResult): Table {
  const figures = countRace(result);
  const all = summarise(latencies(attemptsOf(result)));
  return {
    columns: [
      'requests',
      'seats',
      'success rate',
      'collisions',
      'mean latency',
      'p50',
      'p95',
      'p99',
      'retries',
    ],
    rows: [
      [
        figures.requests,
        figures.seats,
        share(figures.won, figures.requests),
        figures.collisions,
        ms(all.mean),
        ms(all.p50),
        ms(all.p95),
        ms(all.p99),
        figures.retries,
      ],
    ],
    note: 'Success rate: share of requests that got their seat (201). Collisions: seats with more than one winner. Retries: how often a buyer was told to wait (429) and did.',
  };
}

/** Winners and losers in separate rows, because the server does different work for them. */
export function groupTable(result: RaceResult): Table {
  const attempts = attemptsOf(result);
  const row = (name: string, outcome: Attempt['outcome']) => {
    const { count, mean, p50, p95, p99, max } = summarise(latencies(attempts, outcome));
    return [name, count, ...[mean, p50, p95, p99, max].map(ms)];
  };
  const rows = [row('winners', 'won'), row('losers', 'lost'), row('failed', 'failed')].filter(
    ([, count]) => count !== 0,
  );
  return {
    title: 'Latency',
    columns: ['', 'requests', 'mean', 'p50', 'p95', 'p99', 'slowest'],
    rows,
  };
}

const MAX_ROUNDS_SHOWN = 50;

function roundsTable({ rounds }: RaceResult): Table {
  const rows = rounds
    .slice(0, MAX_ROUNDS_SHOWN)
    .map(({ seats, attempts, ms: whole, badSeats }, index) => {
      const { mean, p95 } = summarise(latencies(attempts));
      const named =
        seats.length > 3
          ? `${seats.slice(0, 3).join(', ')} and ${seats.length - 3} more`
          : seats.join(', ');
      return [
        index + 1,
        named,
        latencies(attempts, 'won').length,
        badSeats.length,
        ms(mean),
        ms(p95),
        ms(whole),
      ];
    });
  const columns = [
    'round',
    'seats',
    'winners',
    'bad seats',
    'mean latency',
    'p95',
    'last answer after',
  ];
  return { title: 'Rounds', columns, rows };
}

function chartsOf(result: RaceResult): Chart[] {
  const attempts = attemptsOf(result);
  const groups = (
    [
      ['winners', 'won'],
      ['losers', 'lost'],
    ] as const
  )
    .map(([name, outcome]) => ({ name, values: latencies(attempts, outcome) }))
    .filter(({ values }) => values.length > 0);
  const summaries = groups.map(({ name, values }) => ({ name, summary: summarise(values) }));
  return [
    {
      kind: 'histogram',
      title: 'How long buyers waited for their answer',
      unit: 'ms',
      series: groups,
      note: 'From the sending of a request to its whole answer, measured by the buyer.',
    },
    {
      kind: 'bar',
      title: 'Winners and losers',
      unit: 'ms',
      categories: ['mean', 'p50', 'p95', 'p99'],
      series: summaries.map(({ name, summary: { mean, p50, p95, p99 } }) => ({
        name,
        values: [mean, p50, p95, p99],
      })),
    },
    {
      kind: 'line',
      title: 'Distribution',
      xLabel: 'share of buyers answered by then, %',
      yLabel: 'ms',
      series: groups.map(({ name, values }) => ({ name, points: distributionCurve(values) })),
    },
  ];
}

/** The failures, one line each; empty after a good race. */
export function complaints({ rounds }: RaceResult): string[] {
  const bad = rounds.flatMap(({ badSeats }) => badSeats);
  const reasons = new Map<string, number>();
  for (const { reason } of rounds.flatMap(({ attempts }) => attempts)) {
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [
    ...bad.map(({ seat, winners }) =>
      winners.length === 0
        ? `seat ${seat} was requested and nobody got it`
        : `seat ${seat} was sold ${winners.length} times: ${winners.join(', ')}`,
    ),
    ...[...reasons].map(
      ([reason, count]) => `${count} requests were answered neither 201 nor 409: ${reason}`,
    ),
  ];
}

export function verdictOf(result: RaceResult): { ok: boolean; text: string } {
  const { ok, collisions, unsold, failed } = countRace(result);
  if (ok) return { ok, text: 'Every requested seat has exactly one winner.' };
  return {
    ok,
    text: `${collisions} seats sold twice, ${unsold} requested seats unsold, ${failed} requests failed.`,
  };
}

/** The report of a whole race. */
export function raceReport(result: RaceResult, options: RaceOptions, apiUrl: string): Report {
  const { buyers, seats, rounds } = options;
  const bad = complaints(result);
  return {
    title: `${buyers.toLocaleString('en-GB')} buyers, ${seats === 1 ? 'one seat' : `${seats.toLocaleString('en-GB')} seats`}`,
    intro: [
      `${buyers} buyers ask for ${seats === 1 ? 'the same seat' : `one of ${seats} seats each`} at the same moment, ${rounds === 1 ? 'once' : `in ${rounds} rounds for fresh seats`}. Each seat may go to one of them; everybody else must be told so. A round before it warmed the server up and is not counted.`,
    ],
    verdict: verdictOf(result),
    tables: [
      raceTable(result),
      ...(bad.length > 0
        ? [{ title: 'What went wrong', columns: [''], rows: bad.map((line) => [line]) }]
        : []),
      groupTable(result),
      ...(rounds > 1 ? [roundsTable(result)] : []),
    ],
    charts: chartsOf(result),
    meta: {
      When: new Date().toISOString(),
      Server: apiUrl,
      Event: result.event,
      'Measured from': `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
    },
  };
}
