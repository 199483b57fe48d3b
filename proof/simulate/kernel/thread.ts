import type { Processor } from './cores';
import { Places } from './places';
import type { Process, Simulation } from './simulation';

/** One thread of a program, such as a Node process's event loop: one thing at a time, in order, on shared cores. */
export class Thread {
  private readonly turn: Places;

  constructor(
    simulation: Simulation,
    private readonly cores: Processor,
  ) {
    this.turn = new Places(simulation, 1);
  }

  get waiting(): number {
    return this.turn.waiting;
  }

  *run(cpuMs: number): Process {
    // Who finds it at work is done next, without being woken.
    const awake = this.turn.isFull;
    yield this.turn.take;
    yield this.cores.work(cpuMs, awake);
    this.turn.giveBack();
  }

  /** How long it had something to do, so far. */
  busyMs(): number {
    return this.turn.takenMs();
  }
}
