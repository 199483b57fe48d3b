import { availableParallelism, cpus } from 'node:os';

const SAMPLE_MS = 100;

/** Watches how busy this machine's processors are. */
export function createLoadGauge(): { busy(): number; stop(): void } {
  const read = () =>
    cpus().reduce(
      (sum, { times }) => ({
        idle: sum.idle + times.idle,
        all: sum.all + times.user + times.nice + times.sys + times.irq + times.idle,
      }),
      { idle: 0, all: 0 },
    );
  let before = read();
  let busy = 0;
  const timer = setInterval(() => {
    const now = read();
    const all = now.all - before.all;
    if (all > 0) busy = 1 - (now.idle - before.idle) / all;
    before = now;
  }, SAMPLE_MS);
  timer.unref();
  return { busy: () => busy, stop: () => clearInterval(timer) };
}

/** More than this that is new a second is a burst: two processors could not carry it on as fast as it comes. */
const BURST_PER_SECOND = 50;

/**
 * How many actors to start at once, and how long to rest after. A durable workflow costs about a hundred times what the
 * hold did, so a burst of buyers is answered first and adopted after: while it lasts, and there is no machine to spare, an
 * actor a second starts, steadily; their holds are safe in the database meanwhile. When nothing else fills the
 * processors, actors may, but for some room for whoever comes; and never so many at once that the gauge sees it too
 * late.
 * @param busy the share of the processors in use, 0 to 1
 * @param newPerSecond how many entries for the relay came lately
 */
export function paceStarts(
  busy: number,
  newPerSecond: number,
): { atOnce: number; pauseMs: number } {
  if (newPerSecond > BURST_PER_SECOND && busy > 0.25) return { atOnce: 1, pauseMs: 1000 };
  return { atOnce: 2 * availableParallelism(), pauseMs: busy > 0.75 ? 40 : 20 };
}

/**
 * The same for who has paid, cancelled or asked: told as fast as they come. Only in a burst on a full machine they are
 * told at about the rate at which actors can act on it: payments are pinned, and more would only stand in line inside
 * Temporal while others wait for their answers.
 */
export function paceCommands(
  busy: number,
  newPerSecond: number,
): { atOnce: number; pauseMs: number } {
  if (newPerSecond > BURST_PER_SECOND && busy > 0.5) return { atOnce: 4, pauseMs: 150 };
  return { atOnce: 16, pauseMs: 0 };
}

/**
 * Watches how fast a number that only grows does so.
 * @returns its growth a second since it was last asked `overMs` ago or more
 */
export function createRateGauge(overMs: number): (value: number, nowMs: number) => number {
  let since: { value: number; ms: number } | undefined;
  let perSecond = 0;
  return (value, nowMs) => {
    since ??= { value, ms: nowMs };
    const ms = nowMs - since.ms;
    if (ms >= overMs) {
      perSecond = ((value - since.value) * 1000) / ms;
      since = { value, ms: nowMs };
    }
    return perSecond;
  };
}
