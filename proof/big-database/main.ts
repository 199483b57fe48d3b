import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../../dev/services';
import { PROJECT } from '../../dev/steps';
import { createDatabase, renderConsoleTable } from '../product';
import { fillBigDatabase, sizeOf } from './fill';
import { measureBigDatabase, type Result } from './measure';
import { migrate } from './product';

const USAGE = `Usage: npm run big-database -- [options]

Fills a PostgreSQL of its own and measures there, at rest, each statement of relay, sweep, housekeeping, metrics and
lists. Exits with 1 if one reads a whole table that grows, or takes longer than its limit.

  --reservations N  how many; twice as many seats, 80 % paid, 4 % open (default 500000)
  --help            this text

It reads no settings: what it runs is a system of its own.`;

/** @returns null when help was asked for. @throws Error with one line */
function readOptions(args: string[]): { reservations: number } | null {
  const options = {
    reservations: { type: 'string', default: '500000' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) return null;
  const reservations = Number(values.reservations);
  if (!Number.isInteger(reservations) || reservations < 1000 || reservations > 10_000_000)
    throw new Error('--reservations must be a whole number from 1000 to 10000000');
  return { reservations };
}

function print(results: readonly Result[]): void {
  const rows = results.map(({ of, name, ms, buffers, complaint }) => [
    of,
    name,
    Number(ms.toFixed(2)),
    buffers,
    complaint ?? '',
  ]);
  console.log(
    renderConsoleTable({ columns: ['of', 'statement', 'ms', 'pages read', 'wrong'], rows }),
  );
}

/** @returns whether every statement stands */
async function run(reservations: number): Promise<boolean> {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-big-'));
  // As root, Postgres runs as a user of its own, who must reach its data here.
  chmodSync(home, 0o711);
  const services = await startServices({
    home,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    want: ['postgres'],
    progress: (line) => console.log(line),
  });
  try {
    const { databaseUrl: url } = services;
    await migrate(url, join(PROJECT, 'migrations'));
    const db = createDatabase({
      url,
      pool: 2,
      prepared: false,
      applicationName: 'holdfast-big-database',
      queryTimeoutMs: 1_800_000,
    });
    try {
      console.log(`filling: ${JSON.stringify(sizeOf(reservations))}`);
      await fillBigDatabase(db, sizeOf(reservations));
      const results = await measureBigDatabase(db);
      print(results);
      const wrong = results.filter(({ complaint }) => complaint !== null);
      const verdict = wrong.length === 0 ? '✓ Each stands.' : `✗ ${wrong.length} do not stand.`;
      console.log(`\n${results.length} statements. ${verdict}`);
      return wrong.length === 0;
    } finally {
      await db.close();
    }
  } finally {
    await services.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message.split('\n')[0]);
    return 2;
  }
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  return (await run(options.reservations)) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
