import type { Client } from '@temporalio/client';
import type { Database } from '../product';
import type { Stack } from '../../dev/stack';
import type { Chart } from '../report/charts';
import type { Load } from './load/driver';

/** An event made for one measurement; its seats are all free, in one category of 1,000 minor units. */
export interface BenchEvent {
  id: string;
  slug: string;
  labels: string[];
}

/** What every case stands on: a system of ours, the limits beside it on the same database, and a load from outside both. */
export interface Bench {
  stack: Stack;
  /** Ours, with every rate limit off. */
  apiUrl: string;
  keys: { client: string; operator: string };
  /** Limits (a), (b) and (c): the shipped statement alone, and Koa without anything of ours but that. */
  bareUrl: string;
  /** For making events and counting afterwards; not for load. */
  db: Database;
  temporal: Client;
  load: Load;
  /** 1 for a full measurement; smaller to try a case out. Sizes are multiplied by it. */
  scale: number;
  progress: (line: string) => void;
  /** Shows a chart in the report, beside what the figures say. */
  chart: (chart: Chart) => void;
  makeEvent(seats: number): Promise<BenchEvent>;
  /** Forgets the starts that wait and lets what runs come to rest, so that the next measurement begins like the first. */
  rest(): Promise<void>;
  /** Runs `work` against a limit: our relay, which would adopt the limit's holds meanwhile, stands still. At rest only. */
  limit<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** The figures of one round, by name: per second, milliseconds, counts, bytes, as the name's end says. */
export type Figures = Record<string, number>;

/** What the figures of a round must come to. Without a bound it is only shown. */
export interface Target {
  /** "holds per second, of limit (b)" */
  title: string;
  /** From the figures of one round; the median over the rounds is judged. */
  of: (figures: Figures) => number;
  atLeast?: number;
  atMost?: number;
}

/** One thing that is measured, beside its limit, round by round. */
export interface Case {
  id: string;
  title: string;
  rounds: number;
  targets: readonly Target[];
  /** It stops, starts or adds processes, so it cannot be measured on a system that somebody else runs. */
  ownStackOnly?: boolean;
  /**
   * Measures ours and the limit, in turns: which goes first changes with the round. It is called at rest.
   * @throws when what was measured is wrong (a seat sold twice, an unexpected answer): a fast wrong answer is none
   */
  measure(bench: Bench, round: number): Promise<Figures>;
}
