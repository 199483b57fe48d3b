import type { Bench, Case, Figures } from './case';
import { formatCell } from '../product';
import { concludeCase, type CaseResult } from './judge';
import { spinCores } from './machine';

export interface RunResult {
  cases: CaseResult[];
  /** How long the same sum took on each core: before the first round, then at the beginning of each. */
  spinsMs: number[][];
}

interface RunOptions {
  /** Of each case; null: as many as it wants. */
  rounds: number | null;
  signal: AbortSignal;
}

interface Course {
  subject: Case;
  rounds: Figures[];
  failure?: string;
}

const line = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${formatCell(value)}`)
    .join(' · ');

/** One round of one case. A case that breaks is not measured again, and the others go on. */
async function runOnce(course: Course, bench: Bench, round: number, of: RunOptions): Promise<void> {
  const label = `[${round}/${of.rounds ?? course.subject.rounds}]`;
  const started = performance.now();
  try {
    // What the case before has left waiting would come before whatever this one begins.
    await bench.rest();
    const figures = await course.subject.measure(bench, round);
    course.rounds.push(figures);
    const seconds = Math.round((performance.now() - started) / 1000);
    bench.progress(`${label} ${course.subject.id} (${seconds} s): ${line(figures)}`);
  } catch (error) {
    // What is being ended breaks, which says nothing of the case.
    of.signal.throwIfAborted();
    course.failure = error instanceof Error ? error.message : String(error);
    bench.progress(`${label} ${course.subject.id} broke off: ${course.failure}`);
  }
}

/**
 * Measures the cases round by round: the first round of every case, then the second, so that what changes about the
 * machine with time changes for all of them alike.
 */
export async function runCases(bench: Bench, cases: readonly Case[], options: RunOptions): Promise<RunResult> {
  const courses: Course[] = cases.map((subject) => ({ subject, rounds: [] }));
  const roundsOf = ({ subject }: Course): number => options.rounds ?? subject.rounds;
  const most = Math.max(0, ...courses.map(roundsOf));
  await bench.rest();
  const spinsMs = [await spinCores()];
  for (let round = 1; round <= most; round++) {
    await bench.rest();
    spinsMs.push(await spinCores());
    for (const course of courses) {
      if (round > roundsOf(course) || course.failure !== undefined) continue;
      options.signal.throwIfAborted();
      await runOnce(course, bench, round, options);
      options.signal.throwIfAborted();
    }
  }
  return { cases: courses.map(({ subject, rounds, failure }) => concludeCase(subject, rounds, failure)), spinsMs };
}
