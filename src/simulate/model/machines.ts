import { Cores } from '../kernel/cores';
import type { Simulation } from '../kernel/simulation';
import type { Deployment } from './deployment';

/** A Node process may use a second core: garbage collection, the other threads of a worker, a browser. */
const CORES_OF_A_WORKER = 2;

/** The machines of a deployment; with `sharedCores` they are all the same one. */
export interface Machines {
  api: Cores;
  postgres: Cores;
  relay: Cores;
  temporal: Cores;
  workers: Cores;
  documents: Cores;
  mail: Cores;
  /** Where the load comes from: only when it is in the way of the rest. */
  client: Cores | null;
}

export function createMachines(simulation: Simulation, deployment: Deployment): Machines {
  const { sharedCores, coreSpeed } = deployment;
  if (sharedCores !== null) {
    const one = new Cores(simulation, sharedCores, coreSpeed);
    return { api: one, postgres: one, relay: one, temporal: one, workers: one, documents: one, mail: one, client: one };
  }
  const of = (cores: number): Cores => new Cores(simulation, cores, coreSpeed);
  return {
    api: of(deployment.apiProcesses),
    postgres: of(deployment.postgresCores),
    relay: of(deployment.relays),
    temporal: of(deployment.temporalCores),
    workers: of(deployment.workers * CORES_OF_A_WORKER),
    documents: of(deployment.documentWorkers * CORES_OF_A_WORKER),
    mail: of(deployment.mailWorkers),
    client: null,
  };
}
