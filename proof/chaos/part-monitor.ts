import type { PartEvents } from '../../dev/supervisor';

/** How often a part has ended, and how. */
export interface Ends {
  /** Killed from outside. */
  killed: number;
  /** Killed itself at a named fault point. */
  atFaultPoint: number;
  /** Ended in another way; `oddEnds` has the reasons. */
  byItself: number;
  /** Usable again after an end. */
  recovered: number;
  /** The longest time from an end to the recovery. */
  longestMs: number;
}

/** Follows the parts of the system: which run, how they ended, how long they were down. */
export class PartMonitor {
  readonly ends = new Map<string, Ends>();
  readonly oddEnds: string[] = [];
  readonly givenUp: string[] = [];
  private readonly alive = new Map<string, number>();
  private readonly killedPids = new Set<number>();
  private readonly downSince = new Map<string, number>();

  constructor(private readonly faultPointsArmed: () => boolean) {}

  readonly events: Required<PartEvents> = {
    onSpawn: (name, pid) => void this.alive.set(name, pid),
    onEnd: (name, reason) => this.ended(name, reason),
    onRestart: (name) => this.recovered(name),
    onFailure: (error) => void this.givenUp.push(error.message),
  };

  /** The process of a part; null when it does not run, so that the id of another process is never returned. */
  pid(name: string): number | null {
    return this.alive.get(name) ?? null;
  }

  willKill(pid: number): void {
    this.killedPids.add(pid);
  }

  /** Parts that are down at this moment. */
  down(): string[] {
    return [...this.downSince.keys()];
  }

  private of(name: string): Ends {
    const ends = this.ends.get(name) ?? {
      killed: 0,
      atFaultPoint: 0,
      byItself: 0,
      recovered: 0,
      longestMs: 0,
    };
    this.ends.set(name, ends);
    return ends;
  }

  private ended(name: string, reason: string): void {
    const pid = this.alive.get(name);
    this.alive.delete(name);
    this.downSince.set(name, this.downSince.get(name) ?? Date.now());
    const ends = this.of(name);
    if (pid !== undefined && this.killedPids.has(pid)) ends.killed++;
    else if (this.faultPointsArmed() && reason.endsWith('SIGKILL')) ends.atFaultPoint++;
    else {
      ends.byItself++;
      this.oddEnds.push(`${new Date().toISOString()} ${name} ${reason}`);
    }
  }

  private recovered(name: string): void {
    const since = this.downSince.get(name);
    this.downSince.delete(name);
    const ends = this.of(name);
    ends.recovered++;
    if (since !== undefined) ends.longestMs = Math.max(ends.longestMs, Date.now() - since);
  }
}
