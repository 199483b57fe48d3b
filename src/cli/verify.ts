import { parseArgs } from 'node:util';
import { readSettings, SettingsError } from '../config';
import { createDatabase, isUnavailable, type Database } from '../db/database';
import { readDevInfo } from './dev-info';
import { renderConsoleTable } from './console-table';
import { answerHelp } from './help';
import { findSystem } from './system';
import { repair } from './verify-repair';
import { verifySystem, type Verdict } from './verify-system';
import { connectTemporal, TemporalUnreachable, type TemporalView } from './verify-temporal';

const USAGE = `Usage: npm run verify -- [options]

Checks a live system without changing it: exit 0 sound, 1 something is wrong, 2 the check is incomplete.

  --repair            first does at once what would be done within minutes, and says what: as after a restore
  --json              prints one JSON object instead of a table
  --database-only     leaves Temporal out
  --patience SECONDS  how long late work is watched before it counts as wrong (default 10)`;

/** Why nothing could be checked. The message is the one line to print. */
class CannotVerify extends Error {}

interface Options {
  json: boolean;
  repair: boolean;
  databaseOnly: boolean;
  patienceMs: number;
}

function readOptions(args: string[]): Options {
  const options = {
    json: { type: 'boolean', default: false },
    repair: { type: 'boolean', default: false },
    'database-only': { type: 'boolean', default: false },
    patience: { type: 'string', default: '10' },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new CannotVerify((error as Error).message.split('\n')[0]);
  }
  const { json, repair, patience } = values;
  if (!/^\d{1,4}$/.test(patience)) {
    throw new CannotVerify(`--patience must be a whole number of seconds, not "${patience}"`);
  }
  const patienceMs = 1000 * Number(patience);
  return { json, repair, databaseOnly: values['database-only'], patienceMs };
}

/** The findings come last: they are what a terminal, or a shortened log, still shows. */
function print({ checks, notes }: Verdict): void {
  const rows = checks.map(({ name, looked, violations, ms }) => [name, looked, violations, ms]);
  console.log(
    renderConsoleTable({ columns: ['check', 'rows looked at', 'violations', 'ms'], rows }),
  );
  if (notes.length > 0) console.log('');
  for (const note of notes) console.log(`· ${note}`);
  for (const { name, why, violations, findings } of checks.filter(
    (check) => check.violations > 0,
  )) {
    console.log(`\n✗ ${name}: ${violations}\n  (${why})`);
    for (const { id, detail } of findings) console.log(`    ${id}  ${detail}`);
    if (violations > findings.length) console.log(`    and ${violations - findings.length} more`);
  }
}

function printRepairs(repaired: readonly string[]): void {
  console.log(repaired.length === 0 ? 'Nothing was left to repair.' : 'Repaired:');
  for (const line of repaired) console.log(`+ ${line}`);
  console.log('');
}

function explain(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  if (code === '42P01' || code === '3F000' || code === '42883' || code === '42703') {
    return new CannotVerify(
      `The database has not this version's schema (${message}): run \`npm run migrate\``,
    );
  }
  if (isUnavailable(error) || code === '28P01' || code === '3D000') {
    return new CannotVerify(`The database cannot be read: ${message || String(code)}`);
  }
  return error;
}

/** The state of Temporal, or the reason why it is unknown. */
async function reachTemporal(
  home: string,
  databaseOnly: boolean,
): Promise<TemporalView | string | null> {
  if (databaseOnly) return null;
  const { temporalAddress: address, temporalNamespace: namespace } = findSystem(home);
  const fromDev = !process.env.TEMPORAL_ADDRESS && readDevInfo(home) !== null;
  try {
    return await connectTemporal(fromDev ? { address, namespace } : null);
  } catch (error) {
    if (error instanceof TemporalUnreachable) return error.message;
    throw error;
  }
}

async function check(db: Database, home: string, options: Options): Promise<number> {
  const temporal = await reachTemporal(home, options.databaseOnly);
  const view = typeof temporal === 'string' ? null : temporal;
  try {
    const repaired = options.repair ? await repair(db, view) : undefined;
    if (repaired && !options.json) printRepairs(repaired);
    const verdict = await verifySystem(db, view, options);
    const unreachable = typeof temporal === 'string' ? temporal : null;
    if (options.json) {
      const state = unreachable ? 'unreachable' : view ? 'checked' : 'skipped';
      console.log(JSON.stringify({ ...verdict, temporal: state, repaired }, null, 2));
    } else {
      print(verdict);
    }
    if (unreachable)
      console.error(
        `${unreachable}. Only the database was checked (--database-only accepts that).`,
      );
    const violations = verdict.checks.reduce((sum, one) => sum + one.violations, 0);
    if (!options.json && !unreachable) {
      const sound =
        verdict.waiting === 0
          ? '✓ Everything holds.'
          : `✓ Nothing is wrong, but ${verdict.waiting} wait: see the notes above.`;
      console.log(verdict.ok ? `\n${sound}` : `\n✗ ${violations} violations.`);
    }
    return verdict.ok ? (unreachable ? 2 : 0) : 1;
  } finally {
    await view?.close();
  }
}

/**
 * Checks a live system without changing it, unless it is to repair. Exit codes: 0 sound, 1
 * something is wrong, 2 it could not be checked, or only in part.
 */
async function main(): Promise<number> {
  answerHelp(USAGE, [
    'DATABASE_URL',
    'DATABASE_DIRECT_URL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'HOLDFAST_HOME',
  ]);
  const options = readOptions(process.argv.slice(2));
  const { HOLDFAST_HOME: home } = readSettings(['HOLDFAST_HOME']);
  const db = createDatabase({
    url: findSystem(home).databaseUrl,
    pool: 2,
    // Prepared statements are useless here: each statement runs once.
    prepared: false,
    applicationName: 'holdfast-verify',
    queryTimeoutMs: 300_000,
  });
  try {
    return await check(db, home, options);
  } catch (error) {
    throw explain(error);
  } finally {
    await db.close();
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const known =
      error instanceof CannotVerify ||
      error instanceof SettingsError ||
      error instanceof TemporalUnreachable;
    console.error(known ? error.message : error);
    process.exitCode = 2;
  },
);
