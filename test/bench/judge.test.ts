import type { Case } from '../../proof/bench/case';
import { concludeCase, judge, median } from '../../proof/bench/judge';
import { shortName } from '../../proof/bench/machine';
import { readOptions, UsageError } from '../../proof/bench/options';
import { compareWith } from '../../proof/bench/peer';
import {
  benchReport,
  noiseOf,
  ratioTable,
  verdictOf,
  type BenchResult,
} from '../../proof/bench/result';
import { renderReport } from '../../proof/report/report';

const subject: Case = {
  id: 'race',
  title: 'A race',
  rounds: 3,
  targets: [
    {
      title: 'per second, relative to the baseline',
      of: (f) => f.oursPerSecond! / f.koaPerSecond!,
      atLeast: 0.7,
    },
    {
      title: 'latency, relative to the baseline',
      of: (f) => f.oursMeanMs! / f.koaMeanMs!,
      atMost: 1.5,
    },
    { title: 'shown', of: (f) => f.oursMeanMs! },
  ],
  measure: () => Promise.resolve({}),
};

const rounds = [
  { oursPerSecond: 70, koaPerSecond: 100, oursMeanMs: 3, koaMeanMs: 1 },
  { oursPerSecond: 10, koaPerSecond: 100, oursMeanMs: 4, koaMeanMs: 2 },
  { oursPerSecond: 90, koaPerSecond: 100, oursMeanMs: 1, koaMeanMs: 1 },
];

describe('the median', () => {
  it.each([
    [[5], 5],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[1, 100], 50.5],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

  it('of nothing is not a number', () => expect(median([])).toBeNaN());
});

describe('judging a case', () => {
  it('takes the median of the ratios of each round, not the ratio of the medians', () => {
    const { judged, medians } = concludeCase(subject, rounds, undefined);
    expect(judged).toEqual([
      {
        title: 'per second, relative to the baseline',
        atLeast: 0.7,
        median: 0.7,
        min: 0.1,
        max: 0.9,
        met: true,
      },
      {
        title: 'latency, relative to the baseline',
        atMost: 1.5,
        median: 2,
        min: 1,
        max: 3,
        met: false,
      },
      { title: 'shown', median: 3, min: 1, max: 4, met: null },
    ]);
    expect(medians).toEqual({ oursPerSecond: 70, koaPerSecond: 100, oursMeanMs: 3, koaMeanMs: 1 });
  });

  it('holds two bounds against a figure that must be exact', () => {
    const exact = {
      title: 'share',
      of: (f: Record<string, number>) => f.share!,
      atLeast: 1,
      atMost: 1,
    };
    expect(judge(exact, [{ share: 1 }]).met).toBe(true);
    expect(judge(exact, [{ share: 1.1 }]).met).toBe(false);
    expect(judge(exact, [{ share: 0.9 }]).met).toBe(false);
  });

  it('does not call met what could not be figured out', () => {
    expect(judge(subject.targets[0]!, [{ oursPerSecond: 1 }]).met).toBe(false);
  });

  it('judges nothing where no round came to its end', () => {
    const { judged, failure } = concludeCase(subject, [], 'a seat was sold twice');
    expect(judged).toEqual([]);
    expect(failure).toBe('a seat was sold twice');
  });
});

describe("the peer's figures", () => {
  it('add comparisons to the cases that they are about', () => {
    const [compared] = compareWith({ raceMeanMs: 10, hold10: 400 }, [subject]);
    const added = compared!.targets.slice(subject.targets.length);
    expect(added).toHaveLength(1);
    expect(judge(added[0]!, [{ oursMeanMs: 4 }])).toMatchObject({
      atMost: 0.4,
      median: 0.4,
      met: true,
    });
  });
});

const result = (cases: BenchResult['cases']): BenchResult => ({
  date: '2026-01-01T00:00:00.000Z',
  commit: { id: 'abc', dirty: true },
  machine: { cpu: 'Intel(R) Xeon(R) Processor', cores: 2, memoryGb: 8, kernel: '6.1', node: 'v20' },
  scale: 1,
  apiProcesses: 1,
  temporal: 'development',
  partial: false,
  minutes: 1,
  calibrationMs: [
    [200, 210],
    [220, 200],
  ],
  noisyPeriods: [],
  charts: [],
  cases,
});

describe('the result', () => {
  it('counts the targets that are met, and names the cases that failed', () => {
    const broken = concludeCase({ ...subject, id: 'flood' }, [], 'no');
    const whole = result([concludeCase(subject, rounds, undefined), broken]);
    expect(verdictOf(whole)).toEqual({ ok: false, text: '1 of 2 targets are met; failed: flood.' });
    expect(ratioTable(whole).rows.map((row) => row.at(-1))).toEqual(['yes', 'NO', '', 'NO']);
    expect(renderReport(benchReport(whole))).toContain('Against the targets');
  });

  it('is not good when a case failed after a good round', () => {
    const good = concludeCase(
      { ...subject, targets: [subject.targets[0]!] },
      rounds,
      'then it failed',
    );
    expect(verdictOf(result([good])).ok).toBe(false);
  });

  it('tells how much the calibrations differ', () =>
    expect(noiseOf(result([]).calibrationMs)).toBeCloseTo(0.1));

  it('names the machine in short', () =>
    expect(shortName(result([]).machine)).toBe('intel-xeon-2'));
});

describe('the options', () => {
  it('have defaults', () => {
    const plain = {
      rounds: null,
      only: null,
      scale: 1,
      running: false,
      temporal: 'development',
      strict: false,
    };
    expect(readOptions([])).toMatchObject(plain);
  });

  it('take a trial', () =>
    expect(readOptions(['--quick'])).toMatchObject({ rounds: 1, scale: 0.1 }));

  it.each([
    [['--rounds', '0']],
    [['--rounds', 'x']],
    [['--processes', '-1']],
    [['--nonsense']],
    [['--running', '--home', '/tmp/x']],
    [['--running', '--temporal', 'postgres']],
    [['--temporal', 'cassandra']],
  ])('refuse %j in one line', (args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(/^[^\n]+$/);
  });
});
