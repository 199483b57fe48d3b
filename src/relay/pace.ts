import { availableParallelism, cpus } from 'node:os';

const SAMPLE_MS = 100;

/** Measures how busy the processors of this machine are. */
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

/**
 * More new entries a second than this are a burst: two processors cannot start workflows that fast.
 */
const BURST_PER_SECOND = 50;

/**
 * How many workflows to start at once, and how long to pause afterwards. A durable workflow costs
 * about a hundred times what its hold did, so buyers in a burst are answered first and their
 * workflows start later. During a burst on a busy machine, one workflow starts each second; the
 * holds are safe in the database meanwhile. When the processors are otherwise idle, workflows may
 * use them, except for a reserve for new requests. The batch is always small enough for the
 * measurement to notice the load in time.
 * @param busy the share of the processors in use, 0 to 1
 * @param newPerSecond how many entries a second the relay received lately
 */
export function paceStarts(
  busy: number,
  newPerSecond: number,
): { atOnce: number; pauseMs: number } {
  if (newPerSecond > BURST_PER_SECOND && busy > 0.25) return { atOnce: 1, pauseMs: 1000 };
  return { atOnce: 2 * availableParallelism(), pauseMs: busy > 0.75 ? 40 : 20 };
}

/**
 * The same for commands: payments, cancellations and other requests. They are signalled as fast as
 * they arrive. Only during a burst on a busy machine they are limited to about the rate at which
 * workflows can handle them: payments are pinned already, and more signals would only queue inside
 * Temporal while others wait for answers.
 */
export function paceCommands(
  busy: number,
  newPerSecond: number,
): { atOnce: number; pauseMs: number } {
  if (newPerSecond > BURST_PER_SECOND && busy > 0.5) return { atOnce: 4, pauseMs: 150 };
  return { atOnce: 16, pauseMs: 0 };
}

/**
 * Measures how fast a growing counter grows.
 * @returns the growth a second since a reading at least `overMs` ago
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
