import type { Bench } from './case';
import { untilIdle } from './cpu';
import {
  startTemporalBaseline,
  type TemporalBaseline,
} from './baselines/temporal/temporal-baseline';
import { endLifecycles, baselineLifecycles, ourLifecycles, runLifecycles } from './lifecycles';
import {
  openReservationWatcher,
  SEEN_EVERY_MS,
  type ReservationWatcher,
} from './reservation-watcher';

/** The workers that print and mail. They are stopped: tickets have a case of their own. */
const DELIVERY_WORKERS = ['worker-2', 'worker-3'] as const;
const WARM_UP_PACE = { inFlight: 20, payAfterMs: 0 };

/** The baseline `temporal` beside ours, and what follows our reservations to their confirmation. */
export interface LifecycleTestbed {
  baseline: TemporalBaseline;
  watcher: ReservationWatcher;
}

/** Lets the worker of the baseline, and in the first round ours, compile what they run. */
async function warmUp(
  bench: Bench,
  { baseline, watcher }: LifecycleTestbed,
  round: number,
  count: number,
): Promise<void> {
  const { workers, temporal } = bench.stack.pids();
  if (round === 1) {
    const ours = await ourLifecycles(
      bench,
      await bench.makeEvent(count),
      watcher,
      WARM_UP_PACE.inFlight,
    );
    await runLifecycles(ours, WARM_UP_PACE);
    await endLifecycles(bench, ours.all);
    ours.close();
  }
  const theirs = baselineLifecycles(baseline, count);
  await runLifecycles(theirs, WARM_UP_PACE);
  await endLifecycles(bench, theirs.all);
  await untilIdle([temporal, workers[0]!, baseline.pid]);
}

/**
 * Runs `work` with the baseline `temporal` beside ours, both warm, while no tickets are printed or
 * mailed.
 * @param options `seenEveryMs`: how often the steps of both are seen
 */
export async function withLifecycles<Result>(
  bench: Bench,
  options: { round: number; warmUp: number; seenEveryMs?: number },
  work: (testbed: LifecycleTestbed) => Promise<Result>,
): Promise<Result> {
  const workers = DELIVERY_WORKERS.map((name) => bench.stack.part(name)!);
  await Promise.all(workers.map((part) => part.stop()));
  const { seenEveryMs = SEEN_EVERY_MS } = options;
  const baseline = await startTemporalBaseline(bench.stack, bench.temporal, seenEveryMs);
  const watcher = await openReservationWatcher(bench.stack.info().databaseUrl, seenEveryMs);
  try {
    const testbed = { baseline, watcher };
    await warmUp(bench, testbed, options.round, options.warmUp);
    return await work(testbed);
  } finally {
    await Promise.all([watcher.close(), baseline.close()]);
    await Promise.all(workers.map((part) => part.start()));
  }
}
