import { JobHeap } from './job-heap';

/** Waits for something; calls `resume` once it has come, at once or later. */
export type Wait = (resume: () => void) => void;

/** What goes on in a simulation, step by step: it yields what it waits for. */
export type Process<Result = void> = Generator<Wait, Result, void>;

/**
 * A discrete-event simulation: a virtual clock, in milliseconds, and what is still to happen. What is due at the same
 * moment happens in the order in which it was planned, so a run is the same every time.
 */
export class Simulation {
  now = 0;
  /** How many events have happened. */
  events = 0;
  private readonly plan = new JobHeap();

  /** Plans an action for a moment that is not past. */
  at(timeMs: number, action: () => void): void {
    if (!(timeMs >= this.now)) throw new Error(`${timeMs} ms is past: it is ${this.now} ms`);
    this.plan.push(timeMs, action);
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.now + delayMs, action);
  }

  /** A wait of a fixed time. */
  sleep(delayMs: number): Wait {
    return (resume) => this.after(delayMs, resume);
  }

  /** Begins a process now. @param onEnd told of its result */
  spawn<Result>(process: Process<Result>, onEnd?: (result: Result) => void): void {
    const step = (): void => {
      const { done, value } = process.next();
      if (done === true) onEnd?.(value);
      else value(step);
    };
    step();
  }

  /** Lets time pass until nothing is planned any more, or up to a moment. */
  run(untilMs = Infinity): void {
    const { plan } = this;
    while (plan.size > 0 && plan.firstKey <= untilMs) {
      this.now = plan.firstKey;
      this.events++;
      plan.pop()();
    }
    if (untilMs < Infinity) this.now = Math.max(this.now, untilMs);
  }
}

/** Waits until all of these have ended. */
export function all(simulation: Simulation, processes: readonly Process<unknown>[]): Wait {
  return (resume) => {
    let left = processes.length;
    if (left === 0) resume();
    for (const process of processes) {
      simulation.spawn(process, () => {
        if (--left === 0) resume();
      });
    }
  };
}
