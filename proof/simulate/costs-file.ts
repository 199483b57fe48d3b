import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeCommit, describeMachine } from '../bench/machine';
import { PROJECT } from '../../dev/steps';
import { newestBench, withBench } from './bench-costs';
import { COSTS, type CostName, type UnitCosts } from './model/costs';

const FILE = join(PROJECT, 'proof', 'simulate', 'unit-costs.json');
const BENCH_RESULTS = join(PROJECT, 'bench', 'results');
const MEASURED = 'npm run simulate -- --measure';
const BENCH = 'npm run bench, its parts by npm run simulate -- --measure';

interface CostEntry {
  value: number;
  what: string;
  /** Which command measured it. */
  measuredBy: string;
}

interface CostsFile {
  /** When and where `--measure` ran. */
  date: string;
  machine: string;
  node: string;
  commit: string;
  costs: Record<CostName, CostEntry>;
}

/** The unit costs, and where they are from. */
export interface KnownCosts {
  costs: UnitCosts;
  file: CostsFile;
}

const names = Object.keys(COSTS) as CostName[];

/** @throws Error when one is missing: then it must be measured again */
export function readCosts(): KnownCosts {
  const file = JSON.parse(readFileSync(FILE, 'utf8')) as CostsFile;
  const missing = names.filter((name) => typeof (file.costs[name] as CostEntry | undefined)?.value !== 'number');
  if (missing.length > 0) throw new Error(`unit-costs.json lacks ${missing.join(', ')}: run ${MEASURED}`);
  return {
    file,
    costs: Object.fromEntries(names.map((name) => [name, file.costs[name].value])) as Record<CostName, number>,
  };
}

/** Keeps what was measured, with three digits: more would pretend. @returns the file */
export function writeCosts(measured: UnitCosts): string {
  const { cpu, cores, node } = describeMachine();
  const { id, dirty } = describeCommit(PROJECT) ?? { id: 'unknown', dirty: false };
  const bench = newestBench(BENCH_RESULTS, id);
  const { costs, changed } = bench ? withBench(measured, bench) : { costs: measured, changed: [] };
  const file: CostsFile = {
    date: new Date().toISOString(),
    machine: `${cores} cores, ${cpu}`,
    node,
    commit: dirty ? `${id}, changed` : id,
    costs: Object.fromEntries(
      names.map((name) => {
        const value = Number(costs[name].toPrecision(3));
        const entry: CostEntry = { value, what: COSTS[name], measuredBy: changed.includes(name) ? BENCH : MEASURED };
        return [name, entry];
      }),
    ) as Record<CostName, CostEntry>,
  };
  writeFileSync(FILE, `${JSON.stringify(file, null, 2)}\n`);
  return FILE;
}
