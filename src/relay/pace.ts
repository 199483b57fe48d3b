/** What comes faster than this, for each processor and second, is a burst. */
const BURST_PER_PROCESSOR = 25;
/** Workflows that one processor starts and lives a second, when it has nothing else to do. */
const STARTS_PER_PROCESSOR = 25;
/** Signals that one processor handles a second while it has much else to do. */
const COMMANDS_PER_PROCESSOR = 12.5;
/** A batch of starts has what may start within this time, so that the pace follows the load. */
const BATCH_MS = 50;
/** Holds that come faster than this start together, a second: three or more within a quarter of one. */
const GATHER_ABOVE = 8;
/** How long from one of their starts to the next ones. */
const GATHER_STARTS_MS = 250;
/** Starts that one batch sends to Temporal side by side; its transaction stays open meanwhile. */
const MOST_AT_ONCE = 32;
const COMMANDS_AT_ONCE = 16;

/** How fast workflows may start during a burst on a busy machine, in workflows a second. */
export interface StartLimits {
  /** At the beginning of a burst; fewer the more holds come. null: starts are not paced. */
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
  /** Holds that came lately, and entries of the other queue: payments, cancels and other requests. */
  holdsPerSecond: number;
  commandsPerSecond: number;
}

/** When the batches are. */
export interface Pace {
  /** How many entries a batch has at most. */
  atOnce: number;
  /** How long from its start to the next one, for each entry it had. */
  msEach: number;
  /** The same for a batch that had all there was. */
  gatherMs: number;
}

const isBurst = (perSecond: number, { processors }: Load): boolean =>
  perSecond > BURST_PER_PROCESSOR * processors;

/** Of workflows to start, when they are paced. */
function startsPerSecond(load: Load, most: number, least: number): number {
  const { processors, busy, holdsPerSecond } = load;
  if (isBurst(holdsPerSecond, load) && busy > 0.25)
    return Math.max(least, most * (2 - holdsPerSecond / (BURST_PER_PROCESSOR * processors)));
  const lived = Math.max(most, STARTS_PER_PROCESSOR * processors);
  return busy > 0.75 ? lived : 2 * lived;
}

/**
 * How many workflows to start at once, and when the next ones. A durable workflow costs about thirty
 * times what its hold did, so buyers in a burst are answered first: the more holds come, the fewer
 * workflows start meanwhile (at twice what a burst is, the least), and the holds are safe in the
 * database. Without a burst, a busy machine starts as many workflows as it can live, an idle one twice
 * as many: the backlog of a burst stays in the outbox, as in Temporal it would delay payments.
 * A hold that comes alone starts its workflow at once, and has no work left when the next one comes.
 * Where more come within a quarter of a second, they start together, when it is known whether they
 * are a burst.
 */
export function paceStarts(load: Load, { most, least }: StartLimits): Pace {
  if (most === null) return { atOnce: MOST_AT_ONCE, msEach: 0, gatherMs: 0 };
  const perSecond = startsPerSecond(load, most, least);
  const atOnce = Math.min(MOST_AT_ONCE, Math.ceil((perSecond * BATCH_MS) / 1000));
  const gatherMs = load.holdsPerSecond > GATHER_ABOVE ? GATHER_STARTS_MS : 0;
  return { atOnce, msEach: 1000 / perSecond, gatherMs };
}

/**
 * The same for commands: payments, cancellations and other requests. They are signalled as fast as
 * they arrive. Only during a burst, of holds or of commands, on a busy machine they are limited to
 * about the rate at which workflows can handle them: payments are pinned already, and more signals
 * would only queue inside Temporal while others wait for answers.
 */
export function paceCommands(load: Load, { most }: StartLimits): Pace {
  const { processors, busy, holdsPerSecond, commandsPerSecond } = load;
  if (most !== null && isBurst(Math.max(holdsPerSecond, commandsPerSecond), load) && busy > 0.5) {
    const atOnce = Math.max(1, Math.floor(2 * processors));
    return { atOnce, msEach: 1000 / (COMMANDS_PER_PROCESSOR * processors), gatherMs: 0 };
  }
  return { atOnce: COMMANDS_AT_ONCE, msEach: 0, gatherMs: 0 };
}

/**
 * How long from the start of a batch to the next one.
 * @param claimed how many entries it had
 * @param loops how many share the pace
 */
export function gapAfter(
  claimed: number,
  { atOnce, msEach, gatherMs }: Pace,
  loops: number,
): number {
  const hadAll = claimed > 0 && claimed < atOnce;
  return Math.max(loops * msEach * claimed, hadAll ? gatherMs : 0);
}

/**
 * How many entries the next batch may have. After calls that were not answered in time, half of those of this batch:
 * Temporal gives up the work on a call at its deadline, so with too many at once it would finish none. Each batch
 * without such calls adds one again.
 * @param most what the batch before might have
 * @param away how many entries of the batch were not answered
 */
export const mostNext = (
  most: number,
  { claimed, away }: { claimed: number; away: number },
): number => (away > 0 ? Math.max(1, Math.floor(claimed / 2)) : Math.min(MOST_AT_ONCE, most + 1));

/**
 * Measures how fast a growing counter grows: its growth within the last `overMs`, so that a few
 * at once are no burst, and a flood is one as soon as enough have come.
 * @returns the growth a second
 */
export function createRateGauge(overMs: number): (value: number, nowMs: number) => number {
  const readings: { value: number; ms: number }[] = [];
  return (value, nowMs) => {
    readings.push({ value, ms: nowMs });
    // The last one from before that time stays.
    while (readings.length > 1 && readings[1]!.ms <= nowMs - overMs) readings.shift();
    const since = readings[0]!;
    return ((value - since.value) * 1000) / Math.max(overMs, nowMs - since.ms);
  };
}
