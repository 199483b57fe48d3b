import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import { Recorder } from '../model/recorder';
import { createSystem, type SimulatedSystem } from '../model/system';
import { openDoors, type Crowd } from './buyers';
import { watch, type Readings } from './monitor';
import { replaySales, type Sale } from './sales';
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

interface Stage {
  scenario: Scenario;
  deployment: Deployment;
  seats: number;
  untilMs: number;
  seed: number;
}

/** Lets some crowd in and plays until all has come to rest. */
function play(
  { scenario, deployment, seats, untilMs, seed }: Stage,
  costs: UnitCosts,
  letIn: (system: SimulatedSystem, recorder: Recorder) => Crowd,
): ScaleRun {
  const ttlMs = scenario.holdTtlSeconds * 1000;
  const system = createSystem(deployment, costs, { seats, ttlMs, seed });
  const { simulation, hall, actors } = system;
  const recorder = new Recorder();
  const readings = watch(system, deployment);
  const crowd = letIn(system, recorder);
  const doorsCloseMs = scenario.minutes * 60_000;
  const lastMs = Math.min(untilMs, doorsCloseMs + PATIENCE_MS);
  const atRest = (): boolean => {
    const { delivered, expired } = actors.ends;
    return simulation.now > doorsCloseMs && crowd.inside() === 0 && delivered + expired === crowd.reservations.length;
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

/** Plays a sale on a deployment. @param options.untilSeconds breaks off then, to look at the beginning alone */
export function runScale(
  scenario: Scenario,
  deployment: Deployment,
  costs: UnitCosts,
  options: { seed?: number; untilSeconds?: number } = {},
): ScaleRun {
  const { seed = 1, untilSeconds = Infinity } = options;
  const { mapsFromCache } = deployment;
  const stage = { scenario, deployment, seats: scenario.seats, untilMs: untilSeconds * 1000, seed };
  return play(stage, costs, (system, recorder) => openDoors(system, scenario, recorder, { seed, mapsFromCache }));
}

/** Plays the sales of an earlier run again, without the crowd that got nothing. */
export function runSales(
  sales: readonly Sale[],
  scenario: Scenario,
  deployment: Deployment,
  costs: UnitCosts,
  seed = 1,
): ScaleRun {
  const seats = sales.reduce((sum, sale) => sum + sale.seats.length, 0);
  return play({ scenario, deployment, seats, untilMs: Infinity, seed }, costs, (system, recorder) =>
    replaySales(system, sales, recorder),
  );
}
