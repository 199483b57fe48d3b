import { JobHeap } from './job-heap';
import type { Simulation, Wait } from './simulation';

/** Where work is done. */
export interface Processor {
  readonly count: number;
  /**
   * Does so much work, on average; how long that takes depends on what else runs there.
   * @param awake it goes on with what it was at: it need not be woken first
   */
  work(cpuMs: number, awake?: boolean): Wait;
  /** Core-milliseconds of the machine that were used so far. */
  busyMs(): number;
}

/** Linux gives a process a quarter less for each step of niceness. */
const weightOf = (niceness: number): number => 1.25 ** -niceness;

/** How work and machines behave; by default work takes what it takes on average, and is woken at once. */
interface Habits {
  /** How much a piece of work takes that takes so much on average. */
  draw?: (meanMs: number) => number;
  /** How long who is woken while every core is busy waits for the one that runs to let go. */
  wakeMs?: () => number;
}

interface Job {
  share: Share;
  meanMs: number;
  awake: boolean;
  resume: () => void;
}

/** All that stands at one niceness: each running job gets the same part, so one number says how far all are. */
class Share implements Processor {
  readonly jobs = new JobHeap();
  /** Work that each running job has got since the beginning. */
  level = 0;
  /** Of a core, for each job, as things stand. */
  rate = 1;

  constructor(
    private readonly machine: Cores,
    readonly weight: number,
  ) {}

  get count(): number {
    return this.machine.count;
  }

  work(cpuMs: number, awake = false): Wait {
    return (resume) => {
      if (cpuMs <= 0) resume();
      else this.machine.begin({ share: this, meanMs: cpuMs, awake, resume });
    };
  }

  busyMs(): number {
    return this.machine.busyMs();
  }
}

/**
 * The cores of a machine, shared by all that wants to run as Linux shares them: each gets a part by its niceness, and
 * none more than one core.
 */
export class Cores implements Processor {
  /** By weight, the heaviest first. */
  private readonly shares: Share[] = [];
  private readonly common: Share;
  private levelAt = 0;
  private busyMsSoFar = 0;
  private running = 0;
  /** Counts up when the planned end of a job no longer holds. */
  private plan = 0;
  private planned = Infinity;

  constructor(
    private readonly simulation: Simulation,
    readonly count: number,
    private readonly habits: Habits = {},
  ) {
    this.common = this.at(0);
  }

  /** The same cores for those who stand back behind others. */
  at(niceness: number): Share {
    const weight = weightOf(niceness);
    const known = this.shares.find((share) => share.weight === weight);
    if (known) return known;
    const share = new Share(this, weight);
    this.shares.push(share);
    this.shares.sort((a, b) => b.weight - a.weight);
    return share;
  }

  work(cpuMs: number, awake = false): Wait {
    return this.common.work(cpuMs, awake);
  }

  busyMs(): number {
    this.advance();
    return this.busyMsSoFar;
  }

  begin({ share, meanMs, awake, resume }: Job): void {
    const { draw, wakeMs } = this.habits;
    const cpuMs = draw?.(meanMs) ?? meanMs;
    const waitMs = awake || this.running < this.count ? 0 : (wakeMs?.() ?? 0);
    if (waitMs > 0) this.simulation.after(waitMs, () => this.schedule(share, cpuMs, resume));
    else this.schedule(share, cpuMs, resume);
  }

  private schedule(share: Share, cpuMs: number, resume: () => void): void {
    this.advance();
    share.jobs.push(share.level + cpuMs, resume);
    this.running++;
    this.replan();
  }

  private advance(): void {
    const passed = this.simulation.now - this.levelAt;
    if (passed > 0) {
      for (const share of this.shares) share.level += passed * share.rate;
      this.busyMsSoFar += passed * Math.min(this.running, this.count);
    }
    this.levelAt = this.simulation.now;
  }

  /** Parts the cores anew: by weight, the heaviest first, since what is above one core is left to the others. */
  private part(): void {
    let cores = this.count;
    let weights = 0;
    for (const { jobs, weight } of this.shares) weights += jobs.size * weight;
    for (const share of this.shares) {
      const { size } = share.jobs;
      if (size === 0) continue;
      share.rate = Math.min(1, (cores * share.weight) / weights);
      cores -= size * share.rate;
      weights -= size * share.weight;
    }
  }

  /** Plans the end of the job that is done first, unless it stands as planned. */
  private replan(): void {
    this.part();
    let first: Share | undefined;
    let at = Infinity;
    for (const share of this.shares) {
      if (share.jobs.size === 0) continue;
      const end = this.simulation.now + Math.max(0, share.jobs.firstKey - share.level) / share.rate;
      if (end < at) [first, at] = [share, end];
    }
    if (at === this.planned) return;
    this.planned = at;
    const plan = ++this.plan;
    if (!first) return;
    const share = first;
    this.simulation.at(at, () => {
      if (plan === this.plan) this.finish(share);
    });
  }

  private finish(share: Share): void {
    this.advance();
    share.level = Math.max(share.level, share.jobs.firstKey);
    const resume = share.jobs.pop();
    this.running--;
    this.planned = Infinity;
    this.replan();
    resume();
  }
}
