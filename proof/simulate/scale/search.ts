import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import { estimateDeployment } from './estimate';
import { findings, fullestOf } from './findings';
import { missed, type GoalName, type Goals } from './goals';
import { runSales, runScale, type ScaleRun } from './run';
import type { Sale } from './sales';
import type { Scenario } from './scenario';
import { FRONT_SECONDS, sizeOf, type Size } from './sizes';

const FRONT: readonly Size[] = ['apiProcesses', 'postgresCores'];
const BEHIND: readonly Size[] = [
  'relays',
  'temporalCores',
  'temporalDatabaseCores',
  'temporalShards',
  'workers',
  'documentWorkers',
  'mailWorkers',
];
const MOST_STEPS = 12;

/** Shards come in powers of two; everything else grows by a fifth. */
const larger = (size: Size, value: number): number => (size === 'temporalShards' ? 2 * value : Math.ceil(1.2 * value));
const smaller = (size: Size, value: number): number =>
  size === 'temporalShards' ? value / 2 : Math.min(value - 1, Math.floor(value / 1.2));

interface Hunt {
  goals: Goals;
  /** The goals that the part under search can miss. */
  watched: readonly GoalName[];
  sizes: readonly Size[];
  run: (deployment: Deployment) => ScaleRun;
}

const fails = ({ goals, watched }: Hunt, run: ScaleRun): boolean =>
  missed(findings(run), goals).some((name) => watched.includes(name));

/** The size whose resource is fullest: what to have more of. */
const fullest = (run: ScaleRun, sizes: readonly Size[]): Size =>
  sizeOf(fullestOf(run, (resource) => sizes.includes(sizeOf(resource)!)).resource)!;

/** Grows what is fullest until the goals are kept, then takes away whatever is not needed for them. */
function fit(hunt: Hunt, start: Deployment): Deployment {
  let deployment = start;
  for (let step = 0; step < MOST_STEPS; step++) {
    const run = hunt.run(deployment);
    if (!fails(hunt, run)) break;
    const size = fullest(run, hunt.sizes);
    deployment = { ...deployment, [size]: larger(size, deployment[size]) };
  }
  for (const size of hunt.sizes) {
    for (let step = 0; step < MOST_STEPS && deployment[size] > 1; step++) {
      const less = { ...deployment, [size]: smaller(size, deployment[size]) };
      if (fails(hunt, hunt.run(less))) break;
      deployment = less;
    }
  }
  return deployment;
}

interface Smallest {
  estimated: Deployment;
  deployment: Deployment;
}

/**
 * Looks for the smallest deployment that keeps the goals, from the estimate on: first what answers, over the rush; then
 * what works behind the answers, with the sales of an earlier run.
 */
export function findSmallest(
  scenario: Scenario,
  base: Deployment,
  costs: UnitCosts,
  options: { goals: Goals; seed: number; sales: readonly Sale[] },
): Smallest {
  const { goals, seed, sales } = options;
  const estimated = estimateDeployment(scenario, base, costs, goals);
  const rush = { seed, untilSeconds: FRONT_SECONDS };
  const front: Hunt = {
    goals,
    watched: ['answers'],
    sizes: FRONT,
    run: (deployment) => runScale(scenario, deployment, costs, rush),
  };
  const answering = fit(front, estimated);
  const behind: Hunt = {
    goals,
    watched: ['confirmations', 'tickets'],
    sizes: BEHIND,
    run: (deployment) => runSales(sales, scenario, deployment, costs, seed),
  };
  const deployment = fit(behind, answering);
  return { estimated, deployment };
}
