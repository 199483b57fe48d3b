import type { Bench } from './case';
import { untilIdle } from './cpu';
import { startDurable, type Durable } from './limits/durable/durable';
import { endLives, walkLimit, walkOurs, walkThrough } from './lives';
import { openLookout, type Lookout } from './lookout';

/** Whoever prints and mails: the tickets are measured by themselves. */
const DELIVERERS = ['worker-2', 'worker-3'] as const;
const WARM_UP_PACE = { inFlight: 20, payAfterMs: 0 };

/** What is needed to follow lives of ours and of limit (d) from their beginning to their confirmation. */
export interface LifeStand {
  durable: Durable;
  lookout: Lookout;
}

/** Lets the limit's worker, which is new, and in the first round ours compile what they run. */
async function warmUp(bench: Bench, { durable, lookout }: LifeStand, round: number, lives: number): Promise<void> {
  const { workers, temporal } = bench.stack.pids();
  if (round === 1) {
    const ours = await walkOurs(bench, await bench.makeEvent(lives), lookout, WARM_UP_PACE.inFlight);
    await walkThrough(ours, WARM_UP_PACE);
    await endLives(bench, ours.walks);
    ours.close();
  }
  const limit = walkLimit(durable, lives);
  await walkThrough(limit, WARM_UP_PACE);
  await endLives(bench, limit.walks);
  await untilIdle([temporal, workers[0]!, durable.pid]);
}

/** Runs `work` with limit (d) beside ours, both warm, while nobody prints or mails. */
export async function withLives<Result>(
  bench: Bench,
  { round, warmUpLives }: { round: number; warmUpLives: number },
  work: (stand: LifeStand) => Promise<Result>,
): Promise<Result> {
  const deliverers = DELIVERERS.map((name) => bench.stack.part(name)!);
  await Promise.all(deliverers.map((part) => part.stop()));
  const durable = await startDurable(bench.stack, bench.temporal);
  const lookout = await openLookout(bench.stack.info().databaseUrl);
  try {
    const stand = { durable, lookout };
    await warmUp(bench, stand, round, warmUpLives);
    return await work(stand);
  } finally {
    await Promise.all([lookout.close(), durable.close()]);
    await Promise.all(deliverers.map((part) => part.start()));
  }
}
