import { cpuMsOf, startCpuMeter } from '../../bench/cpu';
import { machineBusyMs } from '../../bench/machine';
import { memoryBytesOf, meanChildBytes } from '../../bench/memory';
import type { Measured } from '../costs';
import type { MeasuredSystem } from './system';

const ROLES = [
  'api',
  'postgres',
  'temporal',
  'temporal-database',
  'reservations',
  'relay',
  'documents',
  'mail',
] as const;
type Role = (typeof ROLES)[number];
/** CPU milliseconds by part of the deployment. */
export type Spent = Record<Role, number>;

/** Kernel threads stay below this; above it something else uses the machine. */
const QUIET_CORES = 0.15;
const MEGABYTE = 1_000_000;
const PROCESSES = {
  'memory.api.mb': 'api',
  'memory.relay.mb': 'relay',
  'memory.worker.mb': 'reservations',
  'memory.documents.mb': 'documents',
  'memory.mail.mb': 'mail',
  'memory.temporal.mb': 'temporal',
} as const;

/** Reads what each part of a deployment spends on some work, less what it spends when idle. */
export class Meter {
  private idlePerSecond: Partial<Spent> = {};
  private readonly memory: Measured = {};

  constructor(
    private readonly system: MeasuredSystem,
    private readonly progress: (line: string) => void,
  ) {}

  /** Learns what the parts spend while nothing is asked of them. */
  async learnIdle(idle: () => Promise<void>): Promise<void> {
    this.idlePerSecond = {};
    const { spent, seconds } = await this.during(idle);
    for (const role of ROLES) this.idlePerSecond[role] = spent[role] / seconds;
  }

  /** @returns what the parts spend on `work`, and how long it takes */
  async during(work: () => Promise<unknown>): Promise<{ spent: Spent; seconds: number }> {
    const pids = Object.fromEntries(ROLES.map((role) => [role, this.system.pidOf(role)])) as Record<
      Role,
      number
    >;
    // All that was started here is below this process, the load generator included.
    const foreignMs = (): number => machineBusyMs() - cpuMsOf(process.pid);
    const foreignBefore = foreignMs();
    const stop = startCpuMeter(pids);
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    const spent = stop();
    const foreignCores = (foreignMs() - foreignBefore) / (1000 * seconds);
    if (foreignCores > QUIET_CORES)
      this.progress(`! ${foreignCores.toFixed(2)} cores were used by other processes`);
    for (const role of ROLES)
      spent[role] = Math.max(0, spent[role] - (this.idlePerSecond[role] ?? 0) * seconds);
    return { spent, seconds };
  }

  /** Reads the memory of the parts; it keeps the most that was seen. Not while CPU time is measured: reading costs some. */
  readMemory(): Measured {
    const keepMost = (name: keyof Measured, bytes: number): void => {
      this.memory[name] = Math.max(this.memory[name] ?? 0, bytes / MEGABYTE);
    };
    for (const [name, role] of Object.entries(PROCESSES)) {
      keepMost(name as keyof typeof PROCESSES, memoryBytesOf(this.system.pidOf(role)));
    }
    keepMost('memory.connection.mb', meanChildBytes(this.system.pidOf('postgres')));
    return this.memory;
  }
}
