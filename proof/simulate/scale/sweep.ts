import type { Table } from '../../product';
import { createChance } from '../kernel/random';
import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import { findings, fullestOf, fullness, type Findings } from './findings';
import { missed, type GoalName, type Goals } from './goals';
import { runSales, runScale, type ScaleRun } from './run';
import type { Sale } from './sales';
import type { Scenario } from './scenario';
import { FRONT_RESOURCES, FRONT_SECONDS } from './sizes';

const FACTORS = [1, 1.5, 2, 3, 4, 6, 8];
const JITTER_MS = 500;

/** One step of the sweep: so many times the load, and what it did. */
export interface SweepStep {
  part: 'answers' | 'actors';
  factor: number;
  found: Findings;
  missed: GoalName[];
  /** The resource that was fullest, and how full, 0 to 1. */
  fullest: { resource: string; peak: number };
}

function stepOf(part: SweepStep['part'], factor: number, run: ScaleRun, goals: Goals): SweepStep {
  const watched: readonly GoalName[] = part === 'answers' ? ['answers'] : ['confirmations', 'tickets'];
  const found = findings(run);
  const fullest = fullestOf(run, (resource) => FRONT_RESOURCES.includes(resource) === (part === 'answers'));
  return { part, factor, found, missed: missed(found, goals).filter((name) => watched.includes(name)), fullest };
}

/** The same sales so many times over, a moment apart; of a half, every other one. */
function multiply(sales: readonly Sale[], factor: number, seed: number): Sale[] {
  const chance = createChance(seed, 'sweep');
  const copies = Math.floor(factor);
  const moved = (sale: Sale): Sale => {
    const byMs = chance.next() * JITTER_MS;
    return { ...sale, heldAt: sale.heldAt + byMs, paidAt: sale.paidAt === null ? null : sale.paidAt + byMs };
  };
  const whole = Array.from({ length: copies }, () => sales.map(moved)).flat();
  const rest = sales.filter(() => chance.next() < factor - copies).map(moved);
  return [...whole, ...rest];
}

/**
 * Multiplies the load on one deployment until it breaks: the crowd and the house for what answers, over the rush; the
 * sales for what works behind the answers.
 */
export function sweep(
  scenario: Scenario,
  deployment: Deployment,
  costs: UnitCosts,
  options: { sales: readonly Sale[]; goals: Goals; seed: number; progress: (line: string) => void },
): SweepStep[] {
  const { sales, goals, seed, progress } = options;
  const steps: SweepStep[] = [];
  const until = (part: SweepStep['part'], run: (factor: number) => ScaleRun): void => {
    for (const factor of FACTORS) {
      const step = stepOf(part, factor, run(factor), goals);
      steps.push(step);
      progress(
        `${part}, ${factor} × the load: ${step.fullest.resource} ${(100 * step.fullest.peak).toFixed(0)} % full` +
          (step.missed.length > 0 ? `, ${step.missed.join(' and ')} too late` : ''),
      );
      if (step.missed.length > 0) return;
    }
  };
  until('answers', (factor) => {
    const more = { ...scenario, buyers: scenario.buyers * factor, seats: scenario.seats * factor };
    return runScale(more, deployment, costs, { seed, untilSeconds: FRONT_SECONDS });
  });
  until('actors', (factor) => runSales(multiply(sales, factor, seed), scenario, deployment, costs, seed));
  return steps;
}

export function sweepTable(steps: readonly SweepStep[]): Table {
  return {
    title: 'More and more load',
    columns: [
      'part',
      '× load',
      'answers p99, ms',
      'confirmed p99, s',
      'tickets p99, s',
      'fullest',
      'use, %',
      'too late',
    ],
    rows: steps.map(({ part, factor, found, missed: late, fullest }) => [
      part,
      factor,
      part === 'answers' ? found.worstP99Ms : '',
      part === 'actors' ? found.confirmP99Seconds : '',
      part === 'actors' ? found.ticketP99Seconds : '',
      fullest.resource,
      100 * fullest.peak,
      late.join(', '),
    ]),
    note: 'Answers: the crowd and the house multiplied, over the rush. Actors: the sales multiplied, to the end.',
  };
}

/** When each resource would be full if it alone had to carry the load, by proportion. */
export function headroomTable(run: ScaleRun): Table {
  const rows = fullness(run)
    .filter(({ peak }) => peak > 0)
    .map(({ resource, peak }): [string, number, number] => [resource, 100 * peak, 0.95 / peak])
    .sort((a, b) => a[2] - b[2]);
  return {
    title: 'What is full first',
    columns: ['what', 'peak use, %', 'full at × load'],
    rows,
    note: 'By proportion: the peak over five seconds, carried on to 95 %. What works off a backlog is full as long as there is one, whatever its size.',
  };
}
