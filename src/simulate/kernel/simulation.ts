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
  private planned = 0;
  private readonly times: number[] = [];
  private readonly orders: number[] = [];
  private readonly actions: (() => void)[] = [];

  /** Plans an action for a moment that is not past. */
  at(timeMs: number, action: () => void): void {
    if (!(timeMs >= this.now)) throw new Error(`${timeMs} ms is past: it is ${this.now} ms`);
    this.push(timeMs, this.planned++, action);
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
    while (this.times.length > 0 && this.times[0]! <= untilMs) {
      this.now = this.times[0]!;
      this.events++;
      this.pop()();
    }
    if (untilMs < Infinity) this.now = Math.max(this.now, untilMs);
  }

  /** A heap of four children a node: half as deep as a binary one, and the children lie side by side. */
  private push(time: number, order: number, action: () => void): void {
    const { times, orders, actions } = this;
    let index = times.length;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      // A new one comes behind all of the same time.
      if (times[parent]! <= time) break;
      times[index] = times[parent]!;
      orders[index] = orders[parent]!;
      actions[index] = actions[parent]!;
      index = parent;
    }
    times[index] = time;
    orders[index] = order;
    actions[index] = action;
  }

  private pop(): () => void {
    const { times, orders, actions } = this;
    const first = actions[0]!;
    const time = times.pop()!;
    const order = orders.pop()!;
    const action = actions.pop()!;
    const size = times.length;
    if (size > 0) {
      let index = 0;
      for (;;) {
        const child = this.earliest(4 * index + 1, size);
        if (child < 0 || !before(times[child]!, orders[child]!, time, order)) break;
        times[index] = times[child]!;
        orders[index] = orders[child]!;
        actions[index] = actions[child]!;
        index = child;
      }
      times[index] = time;
      orders[index] = order;
      actions[index] = action;
    }
    return first;
  }

  private earliest(from: number, size: number): number {
    if (from >= size) return -1;
    const { times, orders } = this;
    let best = from;
    for (let child = from + 1; child < Math.min(from + 4, size); child++) {
      if (before(times[child]!, orders[child]!, times[best]!, orders[best]!)) best = child;
    }
    return best;
  }
}

const before = (time: number, order: number, otherTime: number, otherOrder: number): boolean =>
  time < otherTime || (time === otherTime && order < otherOrder);

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
