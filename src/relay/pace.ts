import { cpus } from 'node:os';

const SAMPLE_MS = 250;

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

/**
 * How much to tell Temporal at once. A durable workflow costs about a hundred times what the hold did, so a burst of
 * buyers is answered first and adopted after: where the processors are full, a few actors start at a time, steadily; the
 * hold is safe in the database meanwhile.
 * @param busy the share of the processors in use, 0 to 1
 */
export function pace(busy: number): { batch: number; pauseMs: number } {
  if (busy > 0.9) return { batch: 2, pauseMs: 100 };
  if (busy > 0.75) return { batch: 4, pauseMs: 25 };
  return { batch: 16, pauseMs: 0 };
}
