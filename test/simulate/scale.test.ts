import { ROUND_COSTS as costs } from '../support/unit-costs';
import { DEFAULT_DEPLOYMENT } from '../../proof/simulate/model/deployment';
import { readOptions, UsageError } from '../../proof/simulate/options';
import { estimateDeployment, estimateLoad } from '../../proof/simulate/scale/estimate';
import { findings } from '../../proof/simulate/scale/findings';
import { missed, type Goals } from '../../proof/simulate/scale/goals';
import { runSales, runScale } from '../../proof/simulate/scale/run';
import { salesOf } from '../../proof/simulate/scale/sales';
import { MILLION, type Scenario } from '../../proof/simulate/scale/scenario';
import { findSmallest } from '../../proof/simulate/scale/search';
import { sweep } from '../../proof/simulate/scale/sweep';

const goals: Goals = { answerMs: 250, confirmSeconds: 30, ticketMinutes: 5 };
/** A fiftieth of the example. */
const small: Scenario = { ...MILLION, buyers: 20_000, seats: 1_200 };
const whole = runScale(small, DEFAULT_DEPLOYMENT, costs);

describe('the estimate', () => {
  test('is of the size of what the simulation sees', () => {
    const load = estimateLoad(small, goals, costs);
    const { peakPerSecond } = findings(whole);
    expect(peakPerSecond / load.peakTries).toBeGreaterThan(0.6);
    expect(peakPerSecond / load.peakTries).toBeLessThan(1.4);
    const held = whole.crowd.reservations.length;
    expect(held / load.reservations).toBeGreaterThan(0.8);
    expect(held / load.reservations).toBeLessThan(1.5);
  });

  test('grows with the load', () => {
    const of = (scenario: Scenario) => estimateDeployment(scenario, DEFAULT_DEPLOYMENT, costs, goals);
    const [one, ten] = [of(MILLION), of({ ...MILLION, buyers: 10 * MILLION.buyers, seats: 10 * MILLION.seats })];
    for (const size of ['apiProcesses', 'postgresCores', 'temporalCores', 'workers', 'documentWorkers'] as const) {
      expect(ten[size] / one[size]).toBeGreaterThan(8);
      expect(ten[size] / one[size]).toBeLessThan(12);
    }
  });
});

describe('the sales alone', () => {
  test('keep the actors as busy as with the whole crowd', () => {
    const again = findings(runSales(salesOf(whole.crowd), small, DEFAULT_DEPLOYMENT, costs));
    const first = findings(whole);
    expect(again.ticketP99Seconds / first.ticketP99Seconds).toBeCloseTo(1, 0);
    expect(again.confirmP99Seconds).toBeLessThan(goals.confirmSeconds);
  });
});

describe('the search', () => {
  test('finds a deployment that keeps the goals, and nothing smaller does', () => {
    const sales = salesOf(whole.crowd);
    const { deployment } = findSmallest(small, DEFAULT_DEPLOYMENT, costs, { goals, seed: 1, sales });
    expect(missed(findings(runScale(small, deployment, costs)), goals)).toEqual([]);
    const without = runSales(
      sales,
      small,
      { ...deployment, documentWorkers: deployment.documentWorkers - 1 || 1 },
      costs,
    );
    if (deployment.documentWorkers > 1) expect(missed(findings(without), goals)).toContain('tickets');
    expect(deployment.apiProcesses).toBeLessThan(DEFAULT_DEPLOYMENT.apiProcesses);
  });
});

describe('the sweep', () => {
  test('goes on until a goal is missed, for what answers and for the actors', () => {
    const tight = { ...DEFAULT_DEPLOYMENT, apiProcesses: 1, postgresCores: 1, documentWorkers: 1 };
    const steps = sweep(small, tight, costs, {
      sales: salesOf(whole.crowd),
      // One worker prints what this small house sells within five minutes even at eight times the load.
      goals: { ...goals, ticketMinutes: 1 },
      seed: 1,
      progress: () => undefined,
    });
    const last = (part: 'answers' | 'actors') => steps.filter((step) => step.part === part).at(-1)!;
    expect(last('answers').missed).toEqual(['answers']);
    expect(last('actors').missed).toContain('tickets');
    expect(last('actors').fullest.resource).toBe('document workers');
  });
});

describe('the command line', () => {
  test('sets the deployment, the scenario and the goals', () => {
    const options = readOptions([
      '--set',
      'apiProcesses=3',
      '--set',
      'buyers=5',
      '--set',
      'mapsFromCache=false',
      '--answer-ms',
      '9',
    ]);
    expect(options?.deployment.apiProcesses).toBe(3);
    expect(options?.deployment.mapsFromCache).toBe(false);
    expect(options?.scenario.buyers).toBe(5);
    expect(options?.goals.answerMs).toBe(9);
    expect(readOptions(['--help'])).toBeNull();
  });

  test.each([
    [['--set', 'nothing=1'], 'nothing'],
    [['--set', 'buyers=many'], 'buyers'],
    [['--set', 'mapsFromCache=1'], 'true or false'],
    [['--set', 'groups=1'], 'cannot be set'],
    [['--seed', '-1'], '--seed'],
    [['--check', '--measure'], 'one after the other'],
    [['--no-such'], 'no-such'],
  ])('refuses %j in one line', (args, word) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(word);
  });
});
