import { countOpenNotes } from '../db/notes';
import { setTimeout as delay } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../contracts/reservation';
import type { Database } from '../db/database';
import {
  CHECKS,
  findStrayActors,
  NAMED,
  readMoment,
  type CheckResult,
  type Finding,
} from '../db/verify';
import type { TemporalView } from './verify-temporal';

/** The result of one check, as it is reported. */
export interface Judged {
  name: string;
  why: string;
  looked: number;
  violations: number;
  /** The first findings, up to a limit. */
  findings: Finding[];
  ms: number;
}

export interface Verdict {
  ok: boolean;
  checks: Judged[];
  /**
   * Facts that are not faults but worth knowing: backlogs, notes for the operator, and workflows
   * that failed.
   */
  notes: string[];
  /** How many things wait: for a person, for a worker, or for their time. */
  waiting: number;
}

const LOOK_AGAIN_MS = 2000;
/** Late work is not a fault while no worker that could do it is running. */
const ROLES_FOR: Record<'queue' | 'task', readonly string[]> = {
  queue: ['relay'],
  task: ['relay', 'reservations'],
};
const STRAY = 'a running reservation workflow has something to do';
const SEARCH_ATTRIBUTE_COUNT = Object.keys(SEARCH_ATTRIBUTES).length;

type Result = Omit<CheckResult, 'kind'> & { kind: CheckResult['kind'] };

interface Look {
  results: Result[];
  notes: string[];
  waiting: number;
}

/** Describes the open notes for the operator, one line for each kind. */
function linesOf({ name, total, findings }: Result): string[] {
  const more = total > findings.length ? [`${name}: and ${total - findings.length} more`] : [];
  return [...findings.map(({ id, detail }) => `${name}: ${id} ${detail}`), ...more];
}

/** Checks once. Late work remains a finding only if no workflow is doing it. */
async function look(
  db: Database,
  temporal: TemporalView | null,
  names: ReadonlySet<string> | null,
): Promise<Look> {
  const wanted = CHECKS.filter(({ name }) => names?.has(name) ?? true);
  const { results, roles } = await readMoment(db, wanted);
  const running = temporal && (await temporal.running());
  const notes: string[] = [];
  let waiting = 0;
  const waits = (result: Result, why: string) => {
    notes.push(`${result.name}: ${result.total} wait; ${why}`);
    waiting += result.total;
    return { ...result, total: 0, findings: [] };
  };

  const judged = results.map((result): Result => {
    if (result.kind === 'invariant' || result.total === 0) return result;
    if (result.kind === 'note') {
      notes.push(...linesOf(result));
      waiting += result.total;
      return { ...result, total: 0, findings: [] };
    }
    const missing = ROLES_FOR[result.kind].filter((role) => !roles.includes(role));
    if (result.kind === 'queue')
      return missing.length > 0 ? waits(result, `no worker runs for ${missing[0]}`) : result;
    if (!running) return waits(result, 'only Temporal knows whether a workflow is doing it');
    const left = result.findings.filter(
      ({ workflows = [] }) => !workflows.some((id) => running.ids.has(id)),
    );
    const late = { ...result, total: left.length, findings: left };
    return late.total > 0 && missing.length > 0
      ? waits(late, `no worker runs for ${missing.join(', ')}`)
      : late;
  });
  if (running && (names?.has(STRAY) ?? true)) {
    const startedAt = performance.now();
    const strays = await findStrayActors(db, running.reservations);
    const looked = running.reservations.length;
    const why = 'it would run for ever, and its id can never be used again';
    const ms = performance.now() - startedAt;
    const result: Result = {
      name: STRAY,
      why,
      kind: 'task',
      looked,
      total: strays.length,
      findings: strays,
      ms,
    };
    const idle = strays.length > 0 && !roles.includes('reservations');
    judged.push(idle ? waits(result, 'no worker runs for reservations') : result);
  }
  if (temporal && names === null) {
    const setup = await judgeSetup(temporal);
    judged.push(setup.result);
    notes.push(...setup.notes);
    waiting += setup.notes.length;
  }
  return { results: judged, notes, waiting };
}

/** What Temporal must have for our workflows to start; and what it should have. */
async function judgeSetup(temporal: TemporalView): Promise<{ result: Result; notes: string[] }> {
  const startedAt = performance.now();
  const { missingAttributes, schedule } = await temporal.setup();
  const result: Result = {
    name: 'Temporal has the search attributes',
    why: 'it refuses to start workflows without them: run `npm run migrate` with TEMPORAL_ADDRESS',
    kind: 'invariant',
    looked: SEARCH_ATTRIBUTE_COUNT,
    total: missingAttributes.length,
    findings: missingAttributes.map((id) => ({ id, detail: 'is not registered' })),
    ms: performance.now() - startedAt,
  };
  const notes = {
    runs: [],
    paused: [
      'the housekeeping schedule is paused: lost workflows are not started again until it is unpaused',
    ],
    missing: [
      'the housekeeping schedule is missing: run `npm run migrate` with TEMPORAL_ADDRESS, or start a worker',
    ],
  }[schedule];
  return { result, notes };
}

/**
 * The work that was late in both checks. A queue of which any entry was done in between is making
 * progress.
 */
function stillLate(before: Result, now: Result | undefined): Result {
  const ids = new Set(now?.findings.map(({ id }) => id));
  const same = before.findings.filter(({ id }) => ids.has(id));
  const gone = before.kind === 'queue' && same.length < before.findings.length;
  const left = gone ? [] : same;
  const total =
    before.kind === 'queue' && left.length > 0 ? Math.min(before.total, now!.total) : left.length;
  return { ...before, findings: left, total };
}

/** Open notes for the operator: something to look at, not a fault of the database. */
async function openNotes(db: Database): Promise<{ notes: string[]; waiting: number }> {
  const kinds = await countOpenNotes(db);
  return {
    notes: kinds.map(
      ({ kind, count, oldest }) => `${kind}: ${count} notes are open, the oldest for ${oldest}`,
    ),
    waiting: kinds.reduce((sum, { count }) => sum + count, 0),
  };
}

const isSuspect = ({ kind, total }: Result) => kind !== 'invariant' && total > 0;

/**
 * Checks a live system: the database against itself and, if given, against Temporal. What is wrong at one moment is
 * wrong; what is only late is looked at again until `patienceMs` are over, because it may just be being done.
 */
export async function verifySystem(
  db: Database,
  temporal: TemporalView | null,
  { patienceMs }: { patienceMs: number },
): Promise<Verdict> {
  const { results, notes, waiting } = await look(db, temporal, null);
  const until = Date.now() + patienceMs;
  let suspects = results.filter(isSuspect);
  while (suspects.length > 0 && Date.now() < until) {
    await delay(Math.min(LOOK_AGAIN_MS, Math.max(0, until - Date.now())));
    const again = await look(db, temporal, new Set(suspects.map(({ name }) => name)));
    suspects = suspects
      .map((suspect) =>
        stillLate(
          suspect,
          again.results.find(({ name }) => name === suspect.name),
        ),
      )
      .filter(isSuspect);
  }
  const late = new Map(suspects.map((suspect) => [suspect.name, suspect]));
  const checks = results.map((result): Judged => {
    const { name, why, looked, ms } = result;
    const { total, findings } = isSuspect(result)
      ? (late.get(name) ?? { total: 0, findings: [] })
      : result;
    return {
      name,
      why,
      looked,
      violations: total,
      findings: findings.slice(0, NAMED),
      ms: Math.round(ms),
    };
  });
  const open = await openNotes(db);
  return {
    ok: checks.every(({ violations }) => violations === 0),
    checks,
    notes: [...notes, ...open.notes, ...(temporal ? await temporal.failures() : [])],
    waiting: waiting + open.waiting,
  };
}
