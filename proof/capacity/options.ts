import { parseArgs } from 'node:util';
import { MILLION, type Sale } from './estimate';

export interface CapacityOptions {
  mode: 'estimate' | 'measure' | 'document';
  sale: Sale;
}

export class UsageError extends Error {}

const QUESTION = ['buyers', 'seats', 'minutes'] as const;

export const USAGE = `Usage: npm run capacity -- [options]

  Prints what a sale needs: processors, connections, memory, Temporal shards, storage. Each figure is a unit cost, measured
  on a machine, times how often it is paid.

  --buyers N        how many people want a seat (default ${MILLION.buyers})
  --seats N         seats of the event (default ${MILLION.seats})
  --minutes N       how long buyers keep coming (default ${MILLION.minutes})
  --set NAME=VALUE  another assumption; may be repeated

  --measure         measures the unit costs on this machine, in a deployment of its own, and writes unit-costs.json
  --document        writes the tables of docs/SCALING.md
  --help            this text

It reads no settings: the deployment that it measures is one of its own.

Assumptions: ${Object.entries(MILLION)
  .filter(([name]) => !(QUESTION as readonly string[]).includes(name))
  .map(([name, value]) => `${name}=${String(value)}`)
  .join(' ')}

Example: npm run capacity -- --buyers 50000 --seats 5000 --minutes 30 --set databasePool=20`;

function assign(sale: Sale, name: string, text: string | undefined): void {
  if (!Object.hasOwn(sale, name))
    throw new UsageError(`--set ${name}: there is no such assumption; --help names them`);
  const value = Number(text);
  if (text === undefined || text.trim() === '' || !(value > 0 && value < Infinity)) {
    throw new UsageError(`${name} must be a number above 0`);
  }
  if (/Share$|Use$/.test(name) && value > 1) throw new UsageError(`${name} must be at most 1`);
  sale[name as keyof Sale] = value;
}

/** Reads the command line; null when help was asked for. @throws UsageError with one line that names what is wrong */
export function readOptions(args: readonly string[]): CapacityOptions | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    buyers: text,
    seats: text,
    minutes: text,
    set: { type: 'string', multiple: true },
    measure: flag,
    document: flag,
    help: flag,
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help === true) return null;
  if (values.measure === true && values.document === true)
    throw new UsageError('--measure first, then --document');
  const sale = { ...MILLION };
  for (const name of QUESTION) if (values[name] !== undefined) assign(sale, name, values[name]);
  for (const setting of values.set ?? []) {
    const [name = '', value] = setting.split('=');
    assign(sale, name, value);
  }
  return { mode: values.measure ? 'measure' : values.document ? 'document' : 'estimate', sale };
}
