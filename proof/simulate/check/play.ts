/** A small scenario that is played twice: on a real system, and in the simulation of it. */
export type Play = {
  name: string;
  /** What it is, in words. */
  title: string;
  seats: number;
} & (
  | { kind: 'crowd'; /** Index of the seat that each buyer wants. */ wanted: readonly number[]; atOnce: number }
  | {
      kind: 'ramp';
      /** When each buyer comes, ms; each has a seat of his own. */ arrivals: readonly number[];
      payAfterMs: number;
    }
);

/** What could be seen of a play from outside. Times are milliseconds since its beginning. */
export interface Seen {
  /** How long each answer took. */
  heldMs: number[];
  refusedMs: number[];
  paidMs: number[];
  /** Until the last answer. */
  answeredMs: number;
  /** When each actor was started, and each reservation confirmed; in order. */
  startedAt: number[];
  confirmedAt: number[];
}

/** A crowd in which everybody wants a seat of his own. */
function distinct(count: number, atOnce: number): Play {
  return {
    name: `distinct-${atOnce}`,
    title: `${count.toLocaleString('en-GB')} holds of different seats, ${atOnce} at a time`,
    kind: 'crowd',
    seats: count,
    wanted: Array.from({ length: count }, (_, index) => index),
    atOnce,
  };
}

/** Everybody wants one of few seats; the same ones in the real play and in the simulated. */
function flash(buyers: number, seats: number, atOnce: number, below: (limit: number) => number): Play {
  return {
    name: 'flash',
    title: `${buyers.toLocaleString('en-GB')} buyers for ${seats} seats, ${atOnce} at a time`,
    kind: 'crowd',
    seats,
    wanted: Array.from({ length: buyers }, () => below(seats)),
    atOnce,
  };
}

/** Buyers who come more and more often, and pay: a rate that rises evenly from one end to the other. */
function ramp(fromPerSecond: number, toPerSecond: number, seconds: number): Play {
  const arrivals: number[] = [];
  for (let ms = 0; ms < seconds * 1000;) {
    arrivals.push(ms);
    ms += 1000 / (fromPerSecond + ((toPerSecond - fromPerSecond) * ms) / (seconds * 1000));
  }
  return {
    name: 'ramp',
    title: `${arrivals.length} buyers who pay after a second, from ${fromPerSecond} to ${toPerSecond} a second`,
    kind: 'ramp',
    seats: arrivals.length,
    arrivals,
    payAfterMs: 1000,
  };
}

export function plays(below: (limit: number) => number): Play[] {
  return [
    distinct(2_000, 10),
    distinct(2_000, 40),
    distinct(2_000, 100),
    flash(1_000, 100, 100, below),
    ramp(1, 12, 40),
  ];
}
