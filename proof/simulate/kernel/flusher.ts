import type { Simulation, Wait } from './simulation';

/**
 * Makes commits durable as a write-ahead log does: one flush at a time, and what comes during a flush shares the next.
 */
export class Flusher {
  flushes = 0;
  private flushing = false;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly simulation: Simulation,
    private readonly flushMs: number,
  ) {}

  readonly commit: Wait = (resume) => {
    this.waiting.push(resume);
    if (!this.flushing) this.flush();
  };

  private flush(): void {
    const batch = this.waiting;
    this.waiting = [];
    this.flushing = true;
    this.flushes++;
    this.simulation.after(this.flushMs, () => {
      this.flushing = false;
      if (this.waiting.length > 0) this.flush();
      for (const resume of batch) resume();
    });
  }
}
