import type { Bench, Case, Figures } from './case';
import { formatCell } from '../product';
import { concludeCase, type CaseResult } from './judge';
import { calibrateCpu } from './machine';

export interface RunResult {
  cases: CaseResult[];
  /** How long the calibration took on each core: before the first round, then at the beginning of each. */
  calibrationMs: number[][];
}

interface RunOptions {
  /** Of each case; null: as many as it wants. */
  rounds: number | null;
  signal: AbortSignal;
}

interface CaseRun {
  subject: Case;
  rounds: Figures[];
  failure?: string;
}

const line = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${formatCell(value)}`)
    .join(' · ');

/** Runs one round of one case. A case that fails is not measured again; the others go on. */
async function runOnce(run: CaseRun, bench: Bench, round: number, of: RunOptions): Promise<void> {
  const label = `[${round}/${of.rounds ?? run.subject.rounds}]`;
  const started = performance.now();
  try {
    // Work that the previous case has left would come first.
    await bench.quiesce();
    const figures = await run.subject.measure(bench, round);
    run.rounds.push(figures);
    const seconds = Math.round((performance.now() - started) / 1000);
    bench.progress(`${label} ${run.subject.id} (${seconds} s): ${line(figures)}`);
  } catch (error) {
    // While we are being stopped an error says nothing about the case.
    of.signal.throwIfAborted();
    run.failure = error instanceof Error ? error.message : String(error);
    bench.progress(`${label} ${run.subject.id} failed: ${run.failure}`);
  }
}

/**
 * Measures the cases round by round: the first round of every case, then the second, so that changes of the machine over
 * time affect all cases alike.
 */
export async function runCases(
  bench: Bench,
  cases: readonly Case[],
  options: RunOptions,
): Promise<RunResult> {
  const runs: CaseRun[] = cases.map((subject) => ({ subject, rounds: [] }));
  const roundsOf = ({ subject }: CaseRun): number => options.rounds ?? subject.rounds;
  const most = Math.max(0, ...runs.map(roundsOf));
  await bench.quiesce();
  const calibrationMs = [await calibrateCpu()];
  for (let round = 1; round <= most; round++) {
    await bench.quiesce();
    calibrationMs.push(await calibrateCpu());
    for (const course of runs) {
      if (round > roundsOf(course) || course.failure !== undefined) continue;
      options.signal.throwIfAborted();
      await runOnce(course, bench, round, options);
      options.signal.throwIfAborted();
    }
  }
  return {
    cases: runs.map(({ subject, rounds, failure }) => concludeCase(subject, rounds, failure)),
    calibrationMs,
  };
}
