import type { Process, Simulation, Wait } from '../kernel/simulation';

/**
 * The seat map as one API process keeps it: read anew when a seat has changed; whoever asks while it is being read gets
 * the next picture, together with all others who do.
 */
export class SeatMap {
  private isReading = false;
  private waiting: (() => void)[] = [];
  private version = -1;

  constructor(
    private readonly simulation: Simulation,
    private readonly versionNow: () => number,
    /** A look whether anything has changed, and the reading of a new picture. */
    private readonly work: { look: () => Process; read: () => Process },
  ) {}

  readonly fresh: Wait = (resume) => {
    this.waiting.push(resume);
    if (!this.isReading) this.read();
  };

  private read(): void {
    const served = this.waiting;
    this.waiting = [];
    this.isReading = true;
    this.simulation.spawn(this.refresh(), () => {
      this.isReading = false;
      if (this.waiting.length > 0) this.read();
      for (const resume of served) resume();
    });
  }

  private *refresh(): Process {
    yield* this.work.look();
    const version = this.versionNow();
    if (version === this.version) return;
    yield* this.work.read();
    this.version = version;
  }
}
