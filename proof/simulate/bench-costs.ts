import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CostName, UnitCosts } from './model/costs';

/**
 * What the benchmark's sustained load says about each part, and which of our costs that sum is made of: it knows the
 * whole from hold to confirmation, we know how it is parted.
 */
const SUMS: Record<string, readonly CostName[]> = {
  oursApiCpuMs: ['api.hold', 'api.payment'],
  oursPostgresCpuMs: ['postgres.hold', 'postgres.payment', 'postgres.adopt', 'postgres.settle'],
  oursTemporalCpuMs: ['temporal.adopt', 'temporal.settle'],
  oursWorkerCpuMs: ['relay.start', 'relay.ring', 'worker.adopt', 'worker.settle'],
};
const CASE = 'sustained';

interface BenchFile {
  date?: string;
  scale?: number;
  temporal?: string | null;
  commit?: { id?: string } | null;
  cases?: { id?: string; medians?: Record<string, unknown> }[];
}

/** The newest whole benchmark of a commit on the development server in a folder of results; null when there is none. */
export function newestBench(folder: string, commit: string): Record<string, unknown> | null {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return null;
  }
  const found = names
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as BenchFile)
    .filter(
      (file) =>
        file.scale === 1 && file.temporal === 'development' && file.commit?.id === commit && medians(file) !== null,
    )
    .sort((a, b) => (a.date ?? '').localeCompare(b.date ?? ''));
  const newest = found.at(-1);
  return newest ? medians(newest) : null;
}

const medians = ({ cases }: BenchFile): Record<string, unknown> | null =>
  cases?.find(({ id }) => id === CASE)?.medians ?? null;

/** Our costs, scaled so that their sums are those of the benchmark, which measures longer; figures it lacks change nothing. */
export function withBench(costs: UnitCosts, bench: Record<string, unknown>): { costs: UnitCosts; changed: CostName[] } {
  const result: Record<CostName, number> = { ...costs };
  const changed: CostName[] = [];
  for (const [figure, names] of Object.entries(SUMS)) {
    const whole = bench[figure];
    const ours = names.reduce((sum, name) => sum + costs[name], 0);
    if (typeof whole !== 'number' || !(whole > 0) || !(ours > 0)) continue;
    for (const name of names) result[name] = (costs[name] * whole) / ours;
    changed.push(...names);
  }
  return { costs: result, changed };
}
