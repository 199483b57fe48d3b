import { Recorder } from '../model/recorder';
import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import { createSystem } from '../model/system';
import { openDoors, type Crowd } from './buyers';
import { watch, type Readings } from './monitor';
import type { Scenario } from './scenario';

export interface ScaleRun {
  scenario: Scenario;
  deployment: Deployment;
  recorder: Recorder;
  readings: Readings;
  crowd: Crowd;
  soldSeats: number;
  /** Simulated seconds until everything had come to rest. */
  seconds: number;
  /** Events that the simulation went through. */
  events: number;
}

/** Long after the last hold has ended; a backlog that lasts longer is cut off, and shows as one. */
const PATIENCE_MS = 60 * 60_000;
const STEP_MS = 1000;

/** Plays a sale on a deployment. @param untilSeconds breaks off then, to look at the beginning alone */
export function runScale(
  scenario: Scenario,
  deployment: Deployment,
  costs: UnitCosts,
  options: { seed?: number; untilSeconds?: number } = {},
): ScaleRun {
  const { seed = 1, untilSeconds = Infinity } = options;
  const system = createSystem(deployment, costs, scenario.seats, scenario.holdTtlSeconds * 1000);
  const { simulation, hall, actors } = system;
  const recorder = new Recorder();
  const readings = watch(system, deployment);
  const crowd = openDoors(system, scenario, recorder, { seed, mapsFromCache: deployment.mapsFromCache });
  const lastMs = Math.min(untilSeconds * 1000, scenario.minutes * 60_000 + PATIENCE_MS);
  const atRest = (): boolean => {
    const { delivered, expired } = actors.ends;
    const doorsClosed = simulation.now > scenario.minutes * 60_000;
    return doorsClosed && crowd.inside() === 0 && delivered + expired === crowd.reservations.length;
  };
  while (simulation.now < lastMs && !atRest()) simulation.run(simulation.now + STEP_MS);
  return {
    scenario,
    deployment,
    recorder,
    readings,
    crowd,
    soldSeats: hall.soldSeats(),
    seconds: simulation.now / 1000,
    events: simulation.events,
  };
}
