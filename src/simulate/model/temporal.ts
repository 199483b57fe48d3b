import type { Processor } from '../kernel/cores';
import { Places } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';

/**
 * Temporal's server: cores, and history shards. A workflow belongs to one shard, and a shard writes one thing at a time,
 * so a shard takes in as many writes a second as its database's latency allows.
 */
export class Temporal {
  private readonly shards: Places[];

  constructor(
    private readonly simulation: Simulation,
    private readonly cores: Processor,
    private readonly times: { writeMs: number; hopMs: number; shards: number },
  ) {
    this.shards = Array.from({ length: times.shards }, () => new Places(simulation, 1));
  }

  /** Something that the server does for a workflow, with so many writes of its state. */
  *step(workflow: number, cpuMs: number, writes: number): Process {
    const { writeMs, hopMs } = this.times;
    yield this.simulation.sleep(2 * hopMs);
    yield this.cores.work(cpuMs);
    if (writeMs === 0) return;
    const shard = this.shards[workflow % this.shards.length]!;
    yield shard.take;
    yield this.simulation.sleep(writes * writeMs);
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
