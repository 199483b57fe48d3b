/** Holds that come faster than this, for each processor and second, are a burst. */
const BURST_PER_PROCESSOR = 25;
/** Workflows that one processor starts and lives a second, when it has nothing else to do. */
const STARTS_PER_PROCESSOR = 25;
/** Starts that one hold takes the place of: several times its cost, so that buyers do not wait. */
const STARTS_PER_HOLD = 0.18;

/** How fast workflows may start during a burst on a busy machine, in workflows a second. */
export interface StartLimits {
  /** Without holds; what holds need is subtracted from it. null: bursts are not paced. */
  most: number | null;
  /** However many holds come. */
  least: number;
}

/** The settings; `most` undefined: as the processors allow. */
export interface StartSettings {
  most: number | 'off' | undefined;
  least: number;
}

export const startLimits = (processors: number, { most, least }: StartSettings): StartLimits => ({
  most: most === 'off' ? null : (most ?? STARTS_PER_PROCESSOR * processors),
  least,
});

/** What a pace depends on. */
export interface Load {
  /** How many processors there are, and the share of them in use, 0 to 1. */
  processors: number;
  busy: number;
  /** Entries a second that the relay received lately. */
  newPerSecond: number;
}

/** A batch, the pause after it, and the time from its beginning to the next one's, at least. */
export interface Pace {
  atOnce: number;
  pauseMs: number;
  everyMs?: number;
}

const isBurst = ({ newPerSecond, processors }: Load): boolean =>
  newPerSecond > BURST_PER_PROCESSOR * processors;

/**
 * How many workflows to start at once, and when the next ones. A durable workflow costs about thirty
 * times what its hold did, so buyers in a burst are answered first: the more holds come, the fewer
 * workflows start meanwhile, and the holds are safe in the database. When the processors are
 * otherwise idle, workflows may use them, except for a reserve for new requests. The batch is always
 * small enough for the measurement to notice the load in time.
 */
export function paceStarts(load: Load, { most, least }: StartLimits): Pace {
  const { processors, busy, newPerSecond } = load;
  if (most !== null && isBurst(load) && busy > 0.25) {
    const perSecond = Math.max(least, most - STARTS_PER_HOLD * newPerSecond);
    const atOnce = Math.ceil(perSecond / (10 * processors));
    return { atOnce, pauseMs: 0, everyMs: (1000 * atOnce) / perSecond };
  }
  return { atOnce: Math.max(2, Math.floor(2 * processors)), pauseMs: busy > 0.75 ? 40 : 20 };
}

/**
 * The same for commands: payments, cancellations and other requests. They are signalled as fast as
 * they arrive. Only during a burst on a busy machine they are limited to about the rate at which
 * workflows can handle them: payments are pinned already, and more signals would only queue inside
 * Temporal while others wait for answers.
 */
export function paceCommands(load: Load, { most }: StartLimits): Pace {
  if (most !== null && isBurst(load) && load.busy > 0.5) {
    const atOnce = Math.max(1, Math.floor(2 * load.processors));
    return { atOnce, pauseMs: 150 };
  }
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
