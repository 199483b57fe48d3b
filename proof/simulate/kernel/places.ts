import type { Simulation, Wait } from './simulation';

/** A first-in-first-out line. */
export class Line<Item> {
  private items: Item[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head++]!;
    // What was taken is let go of now and then, not each time.
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}

/**
 * Places that are taken and given back: connections of a pool, slots of a worker, one thread. Who finds none free waits
 * in line, first come, first served.
 */
export class Places {
  private readonly line = new Line<() => void>();
  private taken = 0;
  private readonly since: { at: number; takenMs: number } = { at: 0, takenMs: 0 };

  constructor(
    private readonly simulation: Simulation,
    readonly count: number,
  ) {}

  get isFull(): boolean {
    return this.taken >= this.count;
  }

  get waiting(): number {
    return this.line.length;
  }

  readonly take: Wait = (resume) => {
    if (this.taken < this.count) {
      this.account();
      this.taken++;
      resume();
    } else this.line.push(resume);
  };

  giveBack(): void {
    const next = this.line.shift();
    // The place goes from hand to hand.
    if (next) next();
    else {
      this.account();
      this.taken--;
    }
  }

  /** How many place-milliseconds were taken so far. */
  takenMs(): number {
    this.account();
    return this.since.takenMs;
  }

  private account(): void {
    this.since.takenMs += this.taken * (this.simulation.now - this.since.at);
    this.since.at = this.simulation.now;
  }
}
