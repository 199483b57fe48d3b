import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Statement } from '../../product';
import type { CostName } from '../model/costs';
import type { RealSystem } from '../real/system';
import type { Meter, Spent } from './meter';

export type Measured = Partial<Record<CostName, number>>;

/** As under load: alone, a request costs more. */
export const AT_ONCE = 40;
const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 300_000;

/** What a measurement stands on. */
export interface Run {
  system: RealSystem;
  meter: Meter;
  /** The development server, or a production's on a PostgreSQL of its own. */
  server: 'temporal' | 'cluster';
  progress: (line: string) => void;
}

const COUNT_STARTS = sql('count_starts', `select count(*) as n from outbox where kind = 'start'`);

/** @throws Error when it takes more than five minutes */
export async function until(done: () => Promise<boolean>): Promise<void> {
  const began = Date.now();
  while (!(await done())) {
    if (Date.now() - began > PATIENCE_MS) throw new Error('the system did not come to rest in five minutes');
    await sleep(LOOK_EVERY_MS);
  }
}

export async function numberOf({ system }: Run, statement: Statement): Promise<number> {
  const [row] = await system.db.rows<{ n: number }>(statement);
  return row!.n;
}

/** Waits until every hold has got its actor. */
export async function untilStarted(run: Run): Promise<void> {
  await until(async () => (await numberOf(run, COUNT_STARTS)) === 0);
  await sleep(1_000); // The last ones have been started, not yet adopted.
}

/** Freezes a worker, so that what is for it waits and costs nothing; the supervisor does not mind. */
export function freeze({ system }: Run, role: 'relay' | 'documents' | 'mail'): () => void {
  const pid = system.pidOf(role);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

export const each = (spent: Spent, count: number): Spent =>
  Object.fromEntries(Object.entries(spent).map(([role, ms]) => [role, ms / count])) as Spent;
