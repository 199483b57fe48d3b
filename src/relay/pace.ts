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

/** How many entries to tell Temporal at once. */
export const COMMANDS_AT_ONCE = 16;

/**
 * How many actors to start at once, and how long to rest after. A durable workflow costs about a hundred times what the
 * hold did, so a burst of buyers is answered first and adopted after: where the processors are full, one actor at a time
 * starts, steadily; its hold is safe in the database meanwhile. Whoever has paid or cancelled is never paced.
 * @param busy the share of the processors in use, 0 to 1
 */
export function paceStarts(busy: number): { starts: number; pauseMs: number } {
  if (busy > 0.9) return { starts: 1, pauseMs: 200 };
  if (busy > 0.75) return { starts: 4, pauseMs: 40 };
  return { starts: 16, pauseMs: 0 };
}
