import { availableParallelism } from 'node:os';
import { BACKGROUND_NICENESS } from '../../../dev/supervisor';
import { Cores, type Processor } from '../kernel/cores';
import { createChance } from '../kernel/random';
import type { Simulation } from '../kernel/simulation';
import type { Deployment } from './deployment';

/** A Node process may use a second core: garbage collection, the other threads of a worker, a browser. */
const CORES_OF_A_WORKER = 2;

/** What runs on a core may keep it until the kernel's clock ticks: 250 times a second, where the costs were measured. */
const TICK_MS = 4;

/** The relay's pacing asks how many cores its machine has: here, as many as the one that simulates. */
const RELAY_CORES = availableParallelism();

/** The machines of a deployment; with `sharedCores` they are all the same one. */
export interface Machines {
  api: Processor;
  postgres: Processor;
  relay: Processor;
  temporal: Processor;
  temporalDatabase: Processor;
  workers: Processor;
  documents: Processor;
  mail: Processor;
  /** Where the load comes from: only when it is in the way of the rest. */
  client: Processor | null;
}

/**
 * Work takes exponentially distributed times around what was measured to be their mean: that stands for garbage
 * collections, cold caches and the unlike requests that a mean hides.
 */
export function createMachines(simulation: Simulation, deployment: Deployment, seed: number): Machines {
  const { sharedCores, coreSpeed } = deployment;
  const chance = createChance(seed, 'work');
  const of = (cores: number): Cores =>
    new Cores(simulation, cores, {
      draw: (meanMs) => chance.exponential(meanMs / coreSpeed),
      wakeMs: () => chance.next() * TICK_MS,
    });
  if (sharedCores !== null) {
    const one = of(sharedCores);
    // There, as the embedded default has it, what works behind the answers stands back behind them.
    const behind = one.at(BACKGROUND_NICENESS);
    return {
      api: one,
      postgres: one,
      relay: behind,
      temporal: behind,
      temporalDatabase: behind,
      workers: behind,
      documents: behind,
      mail: behind,
      client: one,
    };
  }
  return {
    api: of(deployment.apiProcesses),
    postgres: of(deployment.postgresCores),
    relay: of(deployment.relays * RELAY_CORES),
    temporal: of(deployment.temporalCores),
    temporalDatabase: of(deployment.temporalDatabaseCores),
    workers: of(deployment.workers * CORES_OF_A_WORKER),
    documents: of(deployment.documentWorkers * CORES_OF_A_WORKER),
    mail: of(deployment.mailWorkers),
    client: null,
  };
}
