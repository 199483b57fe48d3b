import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeCommit, describeMachine } from '../bench/machine';
import { PROJECT } from '../dev/steps';
import { COSTS, type CostName, type UnitCosts } from './model/costs';

const FILE = join(PROJECT, 'src', 'simulate', 'unit-costs.json');
const MEASURED = 'npm run simulate -- --measure';

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
export function writeCosts(measured: Readonly<Record<CostName, number>>): string {
  const { cpu, cores, node } = describeMachine();
  const file: CostsFile = {
    date: new Date().toISOString(),
    machine: `${cores} cores, ${cpu}`,
    node,
    commit: describeCommit(PROJECT)?.id ?? 'unknown',
    costs: Object.fromEntries(
      names.map((name) => {
        const entry: CostEntry = {
          value: Number(measured[name].toPrecision(3)),
          what: COSTS[name],
          measuredBy: MEASURED,
        };
        return [name, entry];
      }),
    ) as Record<CostName, CostEntry>,
  };
  writeFileSync(FILE, `${JSON.stringify(file, null, 2)}\n`);
  return FILE;
}
