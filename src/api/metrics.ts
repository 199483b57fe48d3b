import cluster from 'node:cluster';
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client';
import { registerBacklog } from '../backlog-metrics';
import type { Database } from '../db/database';
import { figuresOfAll } from './processes';

export interface ApiMetrics {
  observe(method: string, route: string, status: number, ms: number): void;
  hold(outcome: string): void;
  /** Notes of how many holds a batch is. */
  holdBatch(size: number): void;
  /** How many payments were recorded together. */
  paymentBatch(size: number): void;
  streams: Gauge;
  text(): Promise<string>;
}

/** The API's metrics in the Prometheus text format. Labels are routes and outcomes, never ids. */
export function createApiMetrics(db: Database): ApiMetrics {
  const registers = [new Registry()];
  const registry = registers[0]!;
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time to the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const holds = new Counter({
    name: 'holdfast_holds_total',
    help: 'Holds asked for, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'holdfast_hold_batch_size',
    help: 'Holds sent to the database together',
    buckets: [1, 2, 4, 8, 16, 32],
    registers,
  });
  const paymentBatches = new Histogram({
    name: 'holdfast_payment_batch_size',
    help: 'Payments recorded together',
    buckets: [1, 2, 4, 8, 16, 32],
    registers,
  });
  const streams = new Gauge({
    name: 'holdfast_streams',
    help: 'Listeners of live seat maps',
    registers,
  });
  new Gauge({
    name: 'holdfast_database_connections',
    help: 'Of the pool',
    labelNames: ['state'],
    registers,
    collect() {
      const { total, idle, waiting } = db.load();
      this.set({ state: 'open' }, total);
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  registerBacklog(registry, db);
  if (cluster.isWorker) {
    // With several processes on one port, each reports its metrics to be added up. (The constructor
    // starts to listen.)
    new AggregatorRegistry();
    AggregatorRegistry.setRegistries(registry);
  }
  return {
    observe: (method, route, status, ms) => duration.observe({ method, route, status }, ms / 1000),
    hold: (outcome) => holds.inc({ outcome }),
    holdBatch: (size) => batches.observe(size),
    paymentBatch: (size) => paymentBatches.observe(size),
    streams,
    text: () => (cluster.isWorker ? figuresOfAll() : registry.metrics()),
  };
}
