import { Simulation } from '../kernel/simulation';
import { Actors } from './actors';
import { Api } from './api';
import type { UnitCosts } from './costs';
import type { Deployment } from './deployment';
import { Hall } from './hall';
import { createMachines, type Machines } from './machines';
import { Postgres } from './postgres';
import { Relay } from './relay';
import { Temporal } from './temporal';

/** A whole simulated system with one event on sale. */
export interface SimulatedSystem {
  simulation: Simulation;
  machines: Machines;
  hall: Hall;
  postgres: Postgres;
  api: Api;
  temporal: Temporal;
  actors: Actors;
  ttlMs: number;
}

export function createSystem(
  deployment: Deployment,
  costs: UnitCosts,
  options: { seats: number; ttlMs: number; seed: number },
): SimulatedSystem {
  const { seats, ttlMs, seed } = options;
  const simulation = new Simulation();
  const machines = createMachines(simulation, deployment, seed);
  const hall = new Hall(simulation, seats);
  const postgres = new Postgres(simulation, machines.postgres, costs, hall);
  const hopMs = deployment.networkMs + costs['wake.ms'];
  const api = new Api(simulation, machines.api, deployment, { costs, hopMs, postgres, hall });
  const temporal = new Temporal(simulation, machines, deployment, { costs, hopMs });
  const actors = new Actors(simulation, machines, deployment, costs, postgres, temporal, ttlMs);
  for (let index = 0; index < deployment.relays; index++) new Relay(simulation, machines, costs, postgres, actors);
  return { simulation, machines, hall, postgres, api, temporal, actors, ttlMs };
}
