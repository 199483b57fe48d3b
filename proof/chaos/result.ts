import type { Report } from '../report/report';
import type { Table } from '../product';
import type { Journal, Violation } from './journal';
import type { Count } from './count';
import type { ChaosOptions } from './options';
import type { PartMonitor } from './part-monitor';

/** The result of a run. */
export interface ChaosResult {
  options: ChaosOptions;
  journal: Journal;
  monitor: PartMonitor;
  faults: ReadonlyMap<string, number>;
  faultPoints: ReadonlyMap<string, number>;
  /** Null when the run ended before the checks. */
  count: Count | null;
  violations: readonly Violation[];
  minutes: number;
  idleAfterSeconds: number;
}

const MAX_VIOLATIONS_SHOWN = 200;

const sorted = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
  [...map].sort(([one], [other]) => one.localeCompare(other));

function operationsTable({ tally }: Journal): Table {
  const rows = sorted(tally).flatMap(([operation, kinds]) =>
    sorted(kinds).map(([kind, count], index) => [index === 0 ? operation : '', kind, count]),
  );
  return {
    title: 'Operations',
    columns: ['operation', 'answer', 'count'],
    rows,
    note: '“again”: an attempt without an answer, or with a 503. It was repeated with the same key or as the same event.',
  };
}

function faultsTable(result: ChaosResult): Table {
  const rows = [
    ...sorted(result.faults).map(([name, count]) => [name, count]),
    ...sorted(result.faultPoints).map(([name, count]) => [`at the point ${name}`, count]),
  ];
  return { title: 'Faults', columns: ['fault', 'count'], rows };
}

function partsTable({ monitor }: ChaosResult): Table {
  const rows = sorted(monitor.ends).map(
    ([part, { killed, atFaultPoint, byItself, recovered, longestMs }]) => [
      part,
      killed,
      atFaultPoint,
      byItself,
      recovered,
      `${(longestMs / 1000).toFixed(1)} s`,
    ],
  );
  return {
    title: 'Parts',
    columns: ['part', 'killed', 'at a fault point', 'ended by itself', 'restarted', 'longest down'],
    rows,
    note: 'The browser is not listed: its worker restarts it.',
  };
}

function rulesTable({ count, violations }: ChaosResult): Table {
  const broken = new Map<string, number>();
  for (const { rule } of violations) broken.set(rule, (broken.get(rule) ?? 0) + 1);
  const rules = new Set([...(count?.checked.keys() ?? []), ...broken.keys()]);
  const rows = [...rules]
    .sort()
    .map((rule) => [rule, count?.checked.get(rule) ?? 0, broken.get(rule) ?? 0]);
  return { title: 'Rules', columns: ['rule', 'checked', 'violations'], rows };
}

function kindsTable({ journal }: ChaosResult): Table {
  return {
    title: 'Kinds',
    columns: ['kind', 'under faults', 'in all'],
    rows: [...journal.expected.keys()].map((kind) => [
      kind,
      journal.kindsUnderFaults.get(kind) ?? 0,
      journal.kinds.get(kind) ?? 0,
    ]),
    note: 'A kind that did not happen, or less often than was asked for, proves nothing: the run fails.',
  };
}

function countedTable({ count, journal }: ChaosResult): Table {
  const rows: [string, string | number][] = [['2xx in the journal', journal.entries]];
  if (count) {
    const { reservations, balance, mail, workflows, webhooks } = count;
    for (const [status, number] of Object.entries(reservations))
      rows.push([`reservations ${status}`, number]);
    rows.push(
      ['charged, minor units', balance.charged],
      ['refunded', balance.refunded],
      ['sold', balance.sold],
      ['of it given back by operators', balance.givenBack],
      ['taken by disputes or the provider, of no sale', balance.taken],
      ['retained by the terms', balance.retained],
    );
    rows.push(
      ['mails caught, by Message-ID', mail.messages],
      ['of these sent again', mail.duplicates],
    );
    rows.push(
      ['mails cut short by a killed catcher', mail.cutShort],
      ["mails on the catcher's page", mail.listed],
    );
    for (const [kind, number] of Object.entries(workflows).sort())
      rows.push([`workflows ${kind}`, number]);
    for (const [answer, number] of sorted(webhooks)) rows.push([`webhooks to ${answer}`, number]);
  }
  return {
    title: 'Totals',
    columns: ['what', 'count'],
    rows,
    note: 'Mails are counted by the complete files in the folder of the mail catcher, which survive its end.',
  };
}

function violationsTable({ violations }: ChaosResult): Table {
  const rows = violations
    .slice(0, MAX_VIOLATIONS_SHOWN)
    .map(({ rule, subject, detail }) => [rule, subject, detail]);
  return { title: 'Violations', columns: ['rule', 'what', 'how'], rows };
}

/** The tables of a run, for the console and the report. */
export function resultTables(result: ChaosResult): Table[] {
  return [
    operationsTable(result.journal),
    faultsTable(result),
    partsTable(result),
    kindsTable(result),
    countedTable(result),
    rulesTable(result),
    ...(result.violations.length > 0 ? [violationsTable(result)] : []),
  ];
}

export function verdictOf({ violations, journal, count }: ChaosResult): {
  ok: boolean;
  text: string;
} {
  if (violations.length > 0)
    return { ok: false, text: `${violations.length} promises were broken.` };
  const missing = journal.missingKinds();
  if (missing.length > 0)
    return {
      ok: false,
      text: `These did not happen, or not often enough: ${missing.join('; ')}. Run it for longer.`,
    };
  const checks = [...(count?.checked.values() ?? [])].reduce((sum, number) => sum + number, 0);
  return {
    ok: true,
    text: `Every promise held: ${journal.claims.size} reservations, ${journal.payments.size} payments, ${checks} checks.`,
  };
}

export function chaosReport(result: ChaosResult): Report {
  const { options, minutes, idleAfterSeconds } = result;
  return {
    title: 'Chaos',
    intro: [
      'Simulated buyers reserve, pay, change, cancel and check in, and repeat requests, while processes are killed and frozen and connections are cut. Then the faults end, the system becomes idle, and every answer that the buyers got is checked against the database, the mails, the provider, the feed, what receivers of webhooks got, and Temporal.',
    ],
    verdict: verdictOf(result),
    tables: resultTables(result),
    charts: [],
    meta: {
      When: new Date().toISOString(),
      Seed: String(options.seed),
      'Load and faults': `${minutes.toFixed(1)} minutes, ${options.concurrency} buyers`,
      'Idle after': `${idleAfterSeconds.toFixed(0)} s`,
      'Measured with': `Node ${process.version}`,
    },
  };
}
