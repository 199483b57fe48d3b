import type { Processor } from '../kernel/cores';
import { Places } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';
import type { UnitCosts } from './costs';
import type { Deployment } from './deployment';

/** The parts of an actor's life: from its start, from the ring, from the confirmation. */
export type Phase = 'adopt' | 'settle' | 'deliver';

/** What the server does in each part; what a part was measured to cost is spread evenly over it. */
const STEPS: Record<Phase, number> = { adopt: 4, settle: 4, deliver: 4 };

/** What a step costs the server, its database, and the shard that it belongs to. */
interface StepCosts {
  cpuMs: number;
  databaseMs: number;
  shardMs: number;
}

/**
 * With everything on one machine the server is that of `npm run dev`, whose database is part of its own process;
 * otherwise it is a production's, on a PostgreSQL of its own.
 */
function stepCosts(phase: Phase, costs: UnitCosts, { sharedCores, temporalWriteMs }: Deployment): StepCosts {
  const steps = STEPS[phase];
  if (sharedCores !== null) return { cpuMs: costs[`temporal.${phase}`] / steps, databaseMs: 0, shardMs: 0 };
  const writeMs = temporalWriteMs ?? costs['cluster.write.ms'];
  return {
    cpuMs: costs[`cluster.${phase}`] / steps,
    databaseMs: costs[`cluster.database.${phase}`] / steps,
    shardMs: (costs[`temporal.${phase}.writes`] * writeMs) / steps,
  };
}

/**
 * Temporal's server: cores, and history shards. A workflow belongs to one shard, and a shard writes one thing at a time,
 * so a shard takes in as many writes a second as its database's latency allows.
 */
export class Temporal {
  private readonly shards: Places[];
  private readonly costs: Record<Phase, StepCosts>;
  private readonly hopMs: number;

  constructor(
    private readonly simulation: Simulation,
    private readonly machines: { temporal: Processor; temporalDatabase: Processor },
    deployment: Deployment,
    options: { costs: UnitCosts; hopMs: number },
  ) {
    this.hopMs = options.hopMs;
    this.shards = Array.from({ length: deployment.temporalShards }, () => new Places(simulation, 1));
    const of = (phase: Phase): StepCosts => stepCosts(phase, options.costs, deployment);
    this.costs = { adopt: of('adopt'), settle: of('settle'), deliver: of('deliver') };
  }

  /** One of the things that the server does for a workflow in a part of its life. */
  *step(workflow: number, phase: Phase): Process {
    const { cpuMs, databaseMs, shardMs } = this.costs[phase];
    yield this.simulation.sleep(2 * this.hopMs);
    yield this.machines.temporal.work(cpuMs);
    if (shardMs === 0) return;
    const shard = this.shards[workflow % this.shards.length]!;
    yield shard.take;
    // The database's own work is a part of the time that a write takes, and the longer the more others it does.
    yield this.simulation.sleep(Math.max(0, shardMs - databaseMs));
    yield this.machines.temporalDatabase.work(databaseMs);
    shard.giveBack();
  }

  waiting(): number {
    return this.shards.reduce((sum, shard) => sum + shard.waiting, 0);
  }

  /** How many shard-milliseconds were spent on writes, of all shards together. */
  shardBusyMs(): number {
    return this.shards.reduce((sum, shard) => sum + shard.takenMs(), 0);
  }
}
