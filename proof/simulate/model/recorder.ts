import { Latencies } from './latencies';

export const ANSWERS = ['held', 'refused', 'paid', 'map'] as const;
export type AnswerKind = (typeof ANSWERS)[number];

/** What was answered in one second of a run, and how fast. */
export interface Second {
  arrived: number;
  answers: Record<AnswerKind, Latencies>;
}

const newSecond = (): Second => ({
  arrived: 0,
  answers: { held: new Latencies(), refused: new Latencies(), paid: new Latencies(), map: new Latencies() },
});

/** Keeps what the outside saw, second by second, of a simulated run or of a real one. */
export class Recorder {
  readonly seconds: Second[] = [];

  at(timeMs: number): Second {
    const index = Math.floor(timeMs / 1000);
    while (this.seconds.length <= index) this.seconds.push(newSecond());
    return this.seconds[index]!;
  }

  /** An answer counts in the second in which it came. */
  answered(kind: AnswerKind, askedMs: number, nowMs: number): void {
    this.at(nowMs).answers[kind].add(nowMs - askedMs);
  }

  /** All answers of some kinds, from one second to another. */
  over(kinds: readonly AnswerKind[], fromSecond = 0, toSecond = this.seconds.length): Latencies {
    const sum = new Latencies();
    for (const second of this.seconds.slice(fromSecond, toSecond)) {
      for (const kind of kinds) sum.merge(second.answers[kind]);
    }
    return sum;
  }
}
