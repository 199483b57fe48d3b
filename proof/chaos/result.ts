import type { Report } from '../report/report';
import type { Table } from '../product';
import type { Book, Violation } from './book';
import type { Count } from './count';
import type { ChaosOptions } from './options';
import type { Watch } from './watch';

/** All that a run has found. */
export interface ChaosResult {
  options: ChaosOptions;
  book: Book;
  watch: Watch;
  faults: ReadonlyMap<string, number>;
  faultPoints: ReadonlyMap<string, number>;
  /** Null when the run ended before it could count. */
  count: Count | null;
  violations: readonly Violation[];
  minutes: number;
  settleSeconds: number;
}

const MAX_VIOLATIONS_SHOWN = 200;

const sorted = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
  [...map].sort(([one], [other]) => one.localeCompare(other));

function operationsTable({ tally }: Book): Table {
  const rows = sorted(tally).flatMap(([operation, kinds]) =>
    sorted(kinds).map(([kind, count], index) => [index === 0 ? operation : '', kind, count]),
  );
  return {
    title: 'Operations',
    columns: ['operation', 'answer', 'count'],
    rows,
    note: '“again” is an attempt that got no answer, or a 503: it was sent again, with the same key or as the same event.',
  };
}

function faultsTable(result: ChaosResult): Table {
  const rows = [
    ...sorted(result.faults).map(([name, count]) => [name, count]),
    ...sorted(result.faultPoints).map(([name, count]) => [`at the point ${name}`, count]),
  ];
  return { title: 'Faults', columns: ['fault', 'count'], rows };
}

function partsTable({ watch }: ChaosResult): Table {
  const rows = sorted(watch.ends).map(([part, { killed, atFaultPoint, byItself, recovered, longestMs }]) => [
    part,
    killed,
    atFaultPoint,
    byItself,
    recovered,
    `${(longestMs / 1000).toFixed(1)} s`,
  ]);
  return {
    title: 'Parts',
    columns: ['part', 'killed', 'at a fault point', 'ended by itself', 'back again', 'longest away'],
    rows,
    note: 'A browser is no part of its own: its worker starts it again.',
  };
}

function rulesTable({ count, violations }: ChaosResult): Table {
  const broken = new Map<string, number>();
  for (const { rule } of violations) broken.set(rule, (broken.get(rule) ?? 0) + 1);
  const rules = new Set([...(count?.looked.keys() ?? []), ...broken.keys()]);
  const rows = [...rules].sort().map((rule) => [rule, count?.looked.get(rule) ?? 0, broken.get(rule) ?? 0]);
  return { title: 'Rules', columns: ['rule', 'held against', 'broken'], rows };
}

function countedTable({ count, book }: ChaosResult): Table {
  const rows: [string, string | number][] = [['2xx in the journal', book.entries]];
  if (count) {
    const { reservations, balance, mail, workflows } = count;
    for (const [status, number] of Object.entries(reservations)) rows.push([`reservations ${status}`, number]);
    rows.push(['charged, minor units', balance.charged], ['refunded', balance.refunded], ['sold', balance.sold]);
    rows.push(['mails caught, by Message-ID', mail.messages], ['of these sent again', mail.duplicates]);
    rows.push(['mails cut short by a killed catcher', mail.cutShort], ["mails on the catcher's page", mail.listed]);
    for (const [kind, number] of Object.entries(workflows).sort()) rows.push([`workflows ${kind}`, number]);
  }
  return {
    title: 'Counted at the end',
    columns: ['what', 'count'],
    rows,
    note: 'Mails are counted by the whole files that the catcher has kept in its folder, which survive its own end.',
  };
}

function violationsTable({ violations }: ChaosResult): Table {
  const rows = violations.slice(0, MAX_VIOLATIONS_SHOWN).map(({ rule, subject, detail }) => [rule, subject, detail]);
  return { title: 'Violations', columns: ['rule', 'what', 'how'], rows };
}

/** The tables of a run, for the console and the report. */
export function resultTables(result: ChaosResult): Table[] {
  return [
    operationsTable(result.book),
    faultsTable(result),
    partsTable(result),
    countedTable(result),
    rulesTable(result),
    ...(result.violations.length > 0 ? [violationsTable(result)] : []),
  ];
}

export function verdictOf({ violations, book, count }: ChaosResult): { ok: boolean; text: string } {
  if (violations.length > 0) return { ok: false, text: `${violations.length} violations of what was promised.` };
  const looked = [...(count?.looked.values() ?? [])].reduce((sum, number) => sum + number, 0);
  return {
    ok: true,
    text: `Every promise held: ${book.claims.size} reservations, ${book.payments.size} payments, ${looked} checks.`,
  };
}

export function chaosReport(result: ChaosResult): Report {
  const { options, minutes, settleSeconds } = result;
  return {
    title: 'Chaos',
    intro: [
      'Simulated buyers reserve, pay, cancel and check in, with every kind of repetition, while processes are killed and frozen and connections are cut. Then the faults end, the system comes to rest, and everything that anybody was ever told is held against what is there.',
    ],
    verdict: verdictOf(result),
    tables: resultTables(result),
    charts: [],
    meta: {
      When: new Date().toISOString(),
      Seed: String(options.seed),
      'Load and faults': `${minutes.toFixed(1)} minutes, ${options.concurrency} buyers`,
      'Came to rest after': `${settleSeconds.toFixed(0)} s`,
      'Measured with': `Node ${process.version}`,
    },
  };
}
