import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeCommit, describeMachine } from '../bench/machine';
import { PROJECT } from '../../dev/steps';
import { COSTS, type CostName, type Measured, type UnitCosts } from './costs';

const FILE = join(PROJECT, 'proof', 'capacity', 'unit-costs.json');
const NAMES = Object.keys(COSTS) as CostName[];

/** Costs that were measured together. */
export interface CostRun {
  date: string;
  commit: string;
  machine: string;
  node: string;
  /** Conditions that differ from those of docs/SCALING.md. */
  note?: string;
  costs: Measured;
}

/** Reads the unit costs; where two runs measured the same cost, the later run counts. @throws Error when one is missing */
export function readCosts(): { costs: UnitCosts; runs: readonly CostRun[] } {
  const { runs } = JSON.parse(readFileSync(FILE, 'utf8')) as { runs: CostRun[] };
  const costs: Measured = Object.fromEntries(runs.flatMap((run) => Object.entries(run.costs)));
  const missing = NAMES.filter((name) => typeof costs[name] !== 'number');
  if (missing.length > 0) {
    throw new Error(
      `unit-costs.json lacks ${missing.join(', ')}: run npm run capacity -- --measure`,
    );
  }
  return { costs: costs as UnitCosts, runs };
}

/** Replaces the unit costs by those of one run, to three significant digits. @returns the file */
export function writeCosts(costs: UnitCosts): string {
  const { cpu, cores, node } = describeMachine();
  const { id, dirty } = describeCommit(PROJECT) ?? { id: 'unknown', dirty: false };
  const run: CostRun = {
    date: new Date().toISOString(),
    commit: dirty ? `${id}, changed` : id,
    machine: `${cores} cores, ${cpu}`,
    node,
    costs: Object.fromEntries(NAMES.map((name) => [name, Number(costs[name].toPrecision(3))])),
  };
  writeFileSync(FILE, `${JSON.stringify({ runs: [run] }, null, 2)}\n`);
  return FILE;
}
