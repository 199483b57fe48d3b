import type { Simulation, Wait } from './simulation';

/** Rings for one listener; a ring that comes while nobody waits is kept for the next wait. */
export class Bell {
  private rung = false;
  private answer: (() => void) | undefined;

  constructor(private readonly simulation: Simulation) {}

  ring(): void {
    this.rung = true;
    this.answer?.();
  }

  /** Waits for a ring, or for so long. */
  next(maxMs: number): Wait {
    return (resume) => {
      let over = false;
      const finish = (): void => {
        if (over) return;
        over = true;
        this.answer = undefined;
        this.rung = false;
        resume();
      };
      if (this.rung) {
        finish();
        return;
      }
      this.answer = finish;
      if (maxMs < Infinity) this.simulation.after(maxMs, finish);
    };
  }
}
