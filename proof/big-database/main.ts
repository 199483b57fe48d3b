import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeHome } from '../home';
import { startServices, type Services } from '../../dev/services';
import { PROJECT } from '../../dev/steps';
import { createDatabase, renderConsoleTable, sql, type Database } from '../product';
import { fillBigDatabase, sizeOf } from './fill';
import { measureBigDatabase, type Result } from './measure';
import { fillOrders } from './fill-orders';
import { MOST_ORDERS } from './orders';
import { migrate } from './product';
import { verifyOrders } from './verify';

const USAGE = `Usage: npm run big-database -- [options]

Fills a PostgreSQL of its own and measures there, at rest, each statement of relay, sweep, housekeeping, metrics, feed
and lists; then fills a second database with orders of one to three events, and runs the whole of \`verify\` there.
Exits with 1 if a statement reads a whole table that grows, or takes longer than its limit; if a check finds anything in what
is sound; and if all checks together take longer than theirs.

  --reservations N  how many; twice as many seats, ten times as many entries in the history and
                    the feed, 80 % paid, 4 % open (default 500000); 0 leaves the statements out
  --orders N        how many for \`verify\` (default 100000); 0 leaves it out
  --help            this text

It reads no settings: what it runs is a system of its own.`;

interface Options {
  reservations: number;
  orders: number;
}

/** @throws Error with one line */
function readCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || (count !== 0 && (count < 1000 || count > most)))
    throw new Error(`--${name} must be a whole number from 1000 to ${most}, or 0`);
  return count;
}

/** @returns null when help was asked for. @throws Error with one line */
function readOptions(args: string[]): Options | null {
  const options = {
    reservations: { type: 'string', default: '500000' },
    orders: { type: 'string', default: '100000' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) return null;
  return {
    reservations: readCount('reservations', values.reservations, 10_000_000),
    orders: readCount('orders', values.orders, MOST_ORDERS),
  };
}

function printStatements(results: readonly Result[]): void {
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
async function runStatements(db: Database, reservations: number): Promise<boolean> {
  const size = sizeOf(reservations);
  console.log(`filling: ${JSON.stringify(size)}`);
  await fillBigDatabase(db, size);
  const results = await measureBigDatabase(db);
  printStatements(results);
  const wrong = results.filter(({ complaint }) => complaint !== null);
  const verdict = wrong.length === 0 ? '✓ Each stands.' : `✗ ${wrong.length} do not stand.`;
  console.log(`\n${results.length} statements. ${verdict}`);
  return wrong.length === 0;
}

/** @returns whether the checks find nothing, in time */
async function runVerify(db: Database, orders: number): Promise<boolean> {
  console.log(`filling: ${orders} orders`);
  await fillOrders(db, orders, { trusting: true });
  const { checks, totalMs, limitMs, complaints } = await verifyOrders(db, orders);
  const rows = checks.map(({ name, looked, violations, ms }) => [name, looked, violations, ms]);
  console.log(
    renderConsoleTable({ columns: ['check', 'rows looked at', 'violations', 'ms'], rows }),
  );
  const verdict = complaints.length === 0 ? '✓ Everything holds.' : '✗';
  console.log(
    `\n${checks.length} checks of ${orders} orders: ${totalMs} ms of ${limitMs} ms. ${verdict}`,
  );
  for (const complaint of complaints) console.log(`✗ ${complaint}`);
  return complaints.length === 0;
}

/** Does something in a database of its own, with the schema. */
async function inDatabase<Result>(
  services: Services,
  name: string,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  const open = (url: string) =>
    createDatabase({
      url,
      pool: 2,
      prepared: false,
      applicationName: 'holdfast-big-database',
      queryTimeoutMs: 1_800_000,
    });
  const url = new URL(services.databaseUrl);
  const server = open(url.href);
  await server.run(sql('big_create', `create database ${name}`)).finally(() => server.close());
  url.pathname = `/${name}`;
  await migrate(url.href, join(PROJECT, 'migrations'));
  const db = open(url.href);
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

/** @returns whether all stands */
async function run({ reservations, orders }: Options): Promise<boolean> {
  const home = makeHome('holdfast-big');
  const services = await startServices({
    home,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    want: ['postgres'],
    progress: (line) => console.log(line),
  });
  try {
    const stand =
      reservations === 0 ||
      (await inDatabase(services, 'statements', (db) => runStatements(db, reservations)));
    const hold =
      orders === 0 || (await inDatabase(services, 'orders', (db) => runVerify(db, orders)));
    return stand && hold;
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
  return (await run(options)) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
