import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../product';
import { summarise } from '../../report/statistics';
import type { CostName } from '../model/costs';
import type { RealSystem } from '../real/system';
import { until, type Measured, type Run } from './context';

/** One reservation after the other, far apart: what each step takes when nobody is in the way. */
export async function measureQuiet(run: Run, count: number): Promise<Measured> {
  const { system, progress } = run;
  progress('quiet: one reservation at a time');
  const hall = await system.shop.makeHall(count + 5);
  const holdMs: number[] = [];
  const ids: string[] = [];
  for (const label of hall.labels) {
    const began = performance.now();
    const id = await system.shop.hold(hall, [label]);
    holdMs.push(performance.now() - began);
    await sleep(150);
    await system.shop.pay(id!, 1);
    ids.push(id!);
    await sleep(450);
  }
  await until(async () => (await confirmMs(system, ids)).length === ids.length);
  const adoptMs = await Promise.all(ids.map((id) => adoptionMs(system, id)));
  const median = (values: number[]) => summarise(values.slice(5)).p50;
  return {
    'quiet.hold.ms': median(holdMs),
    'quiet.adopt.ms': median(adoptMs),
    'quiet.confirm.ms': median(await confirmMs(system, ids)),
  };
}

const CONFIRM_MS = sql(
  'confirm_ms',
  `select 1000 * extract(epoch from r.confirmed_at - p.received_at)::float8 as ms
     from reservations r join payments p on p.reference = r.confirmed_by where r.id = any ($1) order by r.created_at`,
);
const HELD_AT = sql(
  'held_at',
  'select 1000 * extract(epoch from created_at)::float8 as at from reservations where id = $1',
);

async function confirmMs({ db }: RealSystem, ids: readonly string[]): Promise<number[]> {
  return (await db.rows<{ ms: number }>(CONFIRM_MS, [ids])).map((row) => row.ms);
}

/** From the hold's commit, about, to the end of the activity that adopts it. */
async function adoptionMs({ db, temporal }: RealSystem, id: string): Promise<number> {
  const [row] = await db.rows<{ at: number }>(HELD_AT, [id]);
  const history = await temporal.workflow.getHandle(id).fetchHistory();
  const adopted = history.events?.find((event) => event.activityTaskCompletedEventAttributes);
  if (!adopted?.eventTime) throw new Error(`${id} was not adopted`);
  const { seconds, nanos } = adopted.eventTime;
  return Number(seconds) * 1000 + (nanos ?? 0) / 1e6 - row!.at;
}

/** What is left of a quiet hold when its parts are taken away, over its hops: to the API, to PostgreSQL and back. */
export function wakeMs(measured: Measured): number {
  const parts: CostName[] = ['client.request', 'api.hold', 'postgres.hold', 'postgres.flush.ms'];
  const known = parts.reduce((sum, name) => sum + (measured[name] ?? 0), 0);
  return Math.max(0, (measured['quiet.hold.ms'] ?? 0) - known) / 4;
}

/** How long a commit waits for the disk: a row is written again and again, with and without it. */
export async function measureFlush({ db }: RealSystem): Promise<number> {
  await db.run(sql('flush_make', 'create table simulate_flush (n integer)'));
  await db.run(sql('flush_fill', 'insert into simulate_flush values (0)'));
  const write = sql('flush_write', 'update simulate_flush set n = n + 1');
  const timed = async (durable: boolean): Promise<number> => {
    const took: number[] = [];
    for (let round = 0; round < 200; round++) {
      const began = performance.now();
      await db.transaction(async (tx) => {
        if (!durable) await tx.run(sql('flush_lazy', 'set local synchronous_commit = off'));
        else await tx.run(sql('flush_strict', 'set local synchronous_commit = on'));
        await tx.run(write);
      });
      took.push(performance.now() - began);
    }
    return summarise(took).p50;
  };
  const lazy = await timed(false);
  const durable = await timed(true);
  await db.run(sql('flush_drop', 'drop table simulate_flush'));
  return Math.max(0, durable - lazy);
}
