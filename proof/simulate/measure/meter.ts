import { cpuMsOf } from '../../bench/cpu';
import { allProcesses, usedBetween } from '../real/machine-load';
import type { RealSystem } from '../real/system';

const ROLES = [
  'api',
  'postgres',
  'temporal',
  'temporal-database',
  'reservations',
  'relay',
  'documents',
  'mail',
  'mail-catcher',
] as const;
export type MeteredRole = (typeof ROLES)[number];
/** CPU milliseconds by part; `client` is this process. */
export type Spent = Record<MeteredRole | 'client', number>;

const ownMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** What the kernel does for us counts as others' too; above this somebody else is at work. */
export const QUIET_CORES = 0.15;

/** Reads what every part of a system has spent, less what it spends anyway, at rest. */
export class Meter {
  private perSecond: Partial<Record<MeteredRole | 'client', number>> = {};

  constructor(
    private readonly system: RealSystem,
    private readonly progress: (line: string) => void = () => undefined,
  ) {}

  private read(): Spent {
    const parts = ROLES.map((role) => [role, cpuMsOf(this.system.pidOf(role))] as const);
    return { ...(Object.fromEntries(parts) as Record<MeteredRole, number>), client: ownMs() };
  }

  /** Learns what the parts spend while nothing is asked of them. @returns how many cores that is */
  async learnRest(rest: () => Promise<void>): Promise<number> {
    this.perSecond = {};
    const { spent, seconds } = await this.during(rest);
    this.perSecond = Object.fromEntries(Object.entries(spent).map(([role, ms]) => [role, ms / seconds]));
    return Object.values(this.perSecond).reduce((sum, ms) => sum + ms, 0) / 1000;
  }

  /**
   * What the parts spend on something, above what they spend anyway; and how many cores went to something else: with
   * many of them the figures are worth little.
   */
  async during<Result>(
    work: () => Promise<Result>,
  ): Promise<{ result: Result; spent: Spent; seconds: number; foreignCores: number }> {
    const before = this.read();
    const machineBefore = allProcesses();
    const began = performance.now();
    const result = await work();
    const seconds = (performance.now() - began) / 1000;
    const after = this.read();
    const machineMs = usedBetween(machineBefore, allProcesses());
    const ours = (Object.keys(before) as (keyof Spent)[]).reduce((sum, role) => sum + after[role] - before[role], 0);
    const net = (Object.keys(before) as (keyof Spent)[]).map((role) => {
      const anyway = (this.perSecond[role] ?? 0) * seconds;
      return [role, Math.max(0, after[role] - before[role] - anyway)] as const;
    });
    const foreignCores = Math.max(0, machineMs - ours) / (1000 * seconds);
    if (foreignCores > QUIET_CORES) this.progress(`disturbed: ${foreignCores.toFixed(2)} cores went to others`);
    return { result, spent: Object.fromEntries(net) as Spent, seconds, foreignCores };
  }
}
