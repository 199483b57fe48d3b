import { parseArgs } from 'node:util';
import { DEFAULT_DEPLOYMENT, type Deployment } from './model/deployment';
import type { Goals } from './scale/goals';
import { MILLION, type Scenario } from './scale/scenario';

export interface SimulateOptions {
  mode: 'scale' | 'check' | 'measure' | 'document';
  seed: number;
  scenario: Scenario;
  deployment: Deployment;
  /** Whether the smallest deployment and the breaking points are looked for as well. */
  search: boolean;
  goals: Goals;
  /** Folder for the reports. */
  out: string;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run simulate -- [options]

  Plays a million buyers in ten minutes for 60,000 seats on a simulated deployment, looks for the smallest deployment
  that keeps the goals, and says what breaks first when there are more buyers. Takes about a minute.

  --set NAME=VALUE       of the deployment or the scenario; may be repeated, e.g. --set apiProcesses=8 --set buyers=100000
  --answer-ms N          99 of 100 holds and payments are answered within this (default 250)
  --confirm-seconds N    99 of 100 payments are confirmed within this (default 30)
  --ticket-minutes N     99 of 100 tickets are mailed within this of the payment (default 15)
  --no-search            only the one deployment
  --seed N               another crowd (default 1)
  --out FOLDER           for the reports (default reports/simulate)

  --check                starts a real system, plays small scenarios on it and in the simulation, and compares them
  --measure              starts a real system, measures what everything costs and writes unit-costs.json anew
  --document             fills docs/SCALING.md and its pictures with a plain run and the last --check
  --help                 this text

It reads no settings: what it runs is a system of its own.

Deployment: ${Object.entries(DEFAULT_DEPLOYMENT)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')}
Scenario: ${Object.entries(MILLION)
  .filter(([, value]) => typeof value === 'number')
  .map(([name, value]) => `${name}=${String(value)}`)
  .join(' ')}`;

function numberOf(name: string, text: string | undefined, fallback: number, low: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !(value >= low && value < Infinity))
    throw new UsageError(`${name} must be a number from ${low}`);
  return value;
}

/** Puts a setting where it belongs. */
function assign(target: object, name: string, text: string): boolean {
  if (!(name in target)) return false;
  const settings = target as Record<string, unknown>;
  const known = settings[name];
  if (typeof known === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new UsageError(`${name} must be true or false`);
    settings[name] = text === 'true';
  } else if (typeof known === 'number' || known === null) settings[name] = numberOf(name, text, 0, 0);
  else throw new UsageError(`${name} cannot be set here`);
  return true;
}

function modeOf(values: { check?: boolean; measure?: boolean; document?: boolean }): SimulateOptions['mode'] {
  const asked = (['check', 'measure', 'document'] as const).filter((mode) => values[mode] === true);
  if (asked.length > 1) throw new UsageError(`--${asked.join(' and --')} are done one after the other`);
  return asked[0] ?? 'scale';
}

/** Reads the command line; null when help was asked for. @throws UsageError with one line that names what is wrong */
export function readOptions(args: readonly string[]): SimulateOptions | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        set: { type: 'string', multiple: true },
        'answer-ms': text,
        'confirm-seconds': text,
        'ticket-minutes': text,
        'no-search': flag,
        seed: text,
        out: text,
        check: flag,
        measure: flag,
        document: flag,
        help: flag,
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help === true) return null;
  const deployment = { ...DEFAULT_DEPLOYMENT };
  const scenario = { ...MILLION };
  for (const setting of values.set ?? []) {
    const [name = '', value = ''] = setting.split('=');
    const known = assign(deployment, name, value) || assign(scenario, name, value);
    if (!known) throw new UsageError(`--set ${name}: there is no such number in the deployment or the scenario`);
  }
  return {
    mode: modeOf(values),
    seed: numberOf('--seed', values.seed, 1, 0),
    scenario,
    deployment,
    search: values['no-search'] !== true,
    goals: {
      answerMs: numberOf('--answer-ms', values['answer-ms'], 250, 1),
      confirmSeconds: numberOf('--confirm-seconds', values['confirm-seconds'], 30, 0.1),
      ticketMinutes: numberOf('--ticket-minutes', values['ticket-minutes'], 15, 0.1),
    },
    out: values.out ?? 'reports/simulate',
  };
}
