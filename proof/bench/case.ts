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

/** What a case works with: our system, the baselines beside it on the same database, and the load generator. */
export interface Bench {
  stack: Stack;
  /** Ours, with every rate limit off. */
  apiUrl: string;
  keys: { client: string; operator: string };
  /** The program that serves the baselines `sql`, `koa` and `koa-select`. */
  baselineUrl: string;
  /** For fixtures and counts, not for load. */
  db: Database;
  temporal: Client;
  load: Load;
  /** Factor of all sizes: 1 for a full measurement, less for a trial. */
  scale: number;
  progress: (line: string) => void;
  /** Adds a chart to the report. */
  chart: (chart: Chart) => void;
  makeEvent(seats: number): Promise<BenchEvent>;
  /** Drops starts that wait in the outbox, and waits until the machine is quiet: each measurement begins alike. */
  quiesce(): Promise<void>;
  /** Runs `work` while our relay is stopped, which would adopt the holds of a baseline. Only on a quiet system. */
  withoutRelay<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** The figures of one round. The end of a name is the unit: PerSecond, Ms, Count, Bytes. */
export type Figures = Record<string, number>;

/** A ratio or value of the figures, and its bounds. Without a bound it is only shown. */
export interface Target {
  /** "holds per second, relative to koa": names the baseline. */
  title: string;
  /** From the figures of one round; the median over the rounds is judged. */
  of: (figures: Figures) => number;
  atLeast?: number;
  atMost?: number;
}

/** A measurement of ours and of its baseline, in several rounds. */
export interface Case {
  id: string;
  title: string;
  rounds: number;
  targets: readonly Target[];
  /** It stops, starts or adds processes, so it cannot use a system that was started elsewhere (`--running`). */
  ownStackOnly?: boolean;
  /**
   * Measures ours and the baseline in turns; which goes first changes with the round. It is called on a quiet system.
   * @throws Error when a result is wrong: a seat sold twice, an unexpected answer
   */
  measure(bench: Bench, round: number): Promise<Figures>;
}
