import type { Simulation, Wait } from './simulation';

interface Job {
  /** The level of attained work at which it is done. */
  doneAt: number;
  order: number;
  resume: () => void;
}

/**
 * The processors of a machine, shared by all that wants to run as an operating system shares them: each gets the same
 * part, and none more than one core.
 */
export class Cores {
  /** Work that each running job has got since the beginning; all get the same, so one number does for all. */
  private level = 0;
  private levelAt = 0;
  private busyMsSoFar = 0;
  private readonly jobs: Job[] = [];
  private order = 0;
  /** Counts up when the planned end of the first job no longer holds. */
  private plan = 0;
  private plannedFor: Job | undefined;
  private plannedRate = 0;

  constructor(
    private readonly simulation: Simulation,
    readonly count: number,
    /** 2: does in one millisecond what takes two where the costs were measured. */
    private readonly speed = 1,
  ) {}

  get running(): number {
    return this.jobs.length;
  }

  /** Does so much work; what it takes depends on what else runs. */
  work(cpuMs: number): Wait {
    return (resume) => {
      if (cpuMs <= 0) {
        resume();
        return;
      }
      this.advance();
      this.insert({ doneAt: this.level + cpuMs / this.speed, order: this.order++, resume });
      this.replan();
    };
  }

  /** Core-milliseconds that were used so far. */
  busyMs(): number {
    this.advance();
    return this.busyMsSoFar;
  }

  private rate(): number {
    return this.jobs.length <= this.count ? 1 : this.count / this.jobs.length;
  }

  private advance(): void {
    const passed = this.simulation.now - this.levelAt;
    if (passed > 0) {
      this.level += passed * this.rate();
      this.busyMsSoFar += passed * Math.min(this.jobs.length, this.count);
    }
    this.levelAt = this.simulation.now;
  }

  /** Plans the end of the job that is done first, unless it stands as planned. */
  private replan(): void {
    const first = this.jobs[0];
    const rate = this.rate();
    if (first === this.plannedFor && rate === this.plannedRate) return;
    this.plannedFor = first;
    this.plannedRate = rate;
    const plan = ++this.plan;
    if (!first) return;
    this.simulation.after(Math.max(0, first.doneAt - this.level) / rate, () => {
      if (plan === this.plan) this.finishFirst();
    });
  }

  private finishFirst(): void {
    this.advance();
    const done = this.removeFirst();
    this.level = Math.max(this.level, done.doneAt);
    this.replan();
    done.resume();
  }

  private insert(job: Job): void {
    const { jobs } = this;
    let index = jobs.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(job, jobs[parent]!)) break;
      jobs[index] = jobs[parent]!;
      index = parent;
    }
    jobs[index] = job;
  }

  private removeFirst(): Job {
    const { jobs } = this;
    const first = jobs[0]!;
    const last = jobs.pop()!;
    if (jobs.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= jobs.length) break;
        if (child + 1 < jobs.length && earlier(jobs[child + 1]!, jobs[child]!)) child++;
        if (!earlier(jobs[child]!, last)) break;
        jobs[index] = jobs[child]!;
        index = child;
      }
      jobs[index] = last;
    }
    return first;
  }
}

const earlier = (one: Job, other: Job): boolean =>
  one.doneAt < other.doneAt || (one.doneAt === other.doneAt && one.order < other.order);
