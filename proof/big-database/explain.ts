import { escapeLiteral } from 'pg';
import { sql, type Database, type Statement } from '../product';

/** How a statement ran, in the worse of the plans that it can have. */
export interface Measured {
  name: string;
  ms: number;
  /** Pages of 8 kB. */
  buffers: number;
  /** Tables that were read from one end to the other. */
  scans: string[];
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  /** 0: it was not needed. */
  'Actual Loops': number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}
type Explained = [{ Plan: PlanNode; 'Execution Time': number }];

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const textOf = (value: unknown): string =>
  Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : `${value as string | number | boolean}`;

const literal = (value: unknown): string => {
  if (value === null) return 'null';
  if (!Array.isArray(value)) return escapeLiteral(textOf(value));
  const members = value.map((one) => (one === null ? 'null' : JSON.stringify(textOf(one))));
  return escapeLiteral(`{${members.join(',')}}`);
};

/** Each plan is tried so often; the quickest run counts, as the machine does other things too. */
const RUNS = 3;
/**
 * `auto`: the first five runs of a prepared statement are planned for their values. Forced, each call of a function
 * would be planned again too, which takes most of the time and never happens in the product.
 */
const PLANS = ['auto', 'force_generic_plan'] as const;

/** Runs a statement with `EXPLAIN (ANALYZE, BUFFERS)` in both kinds of plan, and undoes what it did. */
async function measure(
  db: Database,
  { name, text }: Statement<unknown>,
  values: readonly unknown[],
): Promise<Measured> {
  const worst: Measured = { name, ms: 0, buffers: 0, scans: [] };
  const given = values.length > 0 ? `(${values.map(literal).join(', ')})` : '';
  const client = await db.pool.connect();
  try {
    for (const plan of PLANS) {
      await client.query(`set plan_cache_mode = ${plan}`);
      await client.query(`prepare measured as ${text}`);
      const runs: Explained[] = [];
      for (let run = 0; run < RUNS; run++) {
        await client.query('begin');
        const { rows } = await client.query<{ 'QUERY PLAN': Explained }>(
          `explain (analyze, buffers, format json) execute measured${given}`,
        );
        await client.query('rollback');
        runs.push(rows[0]!['QUERY PLAN']);
      }
      worst.ms = Math.max(worst.ms, Math.min(...runs.map(([one]) => one['Execution Time'])));
      const { Plan: root } = runs.at(-1)![0];
      const buffers = (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0);
      worst.buffers = Math.max(worst.buffers, buffers);
      for (const node of nodesOf(root))
        if (/Seq Scan$/.test(node['Node Type']) && node['Actual Loops'] > 0)
          worst.scans.push(node['Relation Name']!);
      await client.query('deallocate measured');
    }
    return { ...worst, scans: [...new Set(worst.scans)] };
  } finally {
    await client.query('deallocate all; reset plan_cache_mode').catch(() => undefined);
    client.release();
  }
}

/**
 * A database that also measures each statement that it is asked, once for each of its values' forms.
 * @param told of each statement, before it runs for good
 */
export function explaining(db: Database, told: (measured: Measured) => void): Database {
  const look = async (statement: Statement<unknown>, values: readonly unknown[] = []) =>
    told(await measure(db, statement, values));
  const watched: Database = {
    ...db,
    pool: db.pool,
    async rows<Row>(statement: Statement<Row> | Statement, values?: readonly unknown[]) {
      await look(statement, values);
      return db.rows<Row>(statement, values);
    },
    async run(statement, values) {
      await look(statement, values);
      return db.run(statement, values);
    },
    // A statement of a transaction is measured beside it; what is measured here changes no row.
    transaction: (work) => work(watched),
    connected: (work) => work(watched),
  };
  return watched;
}

/** The tables whose rows grow with the sales. */
const GROWING = [
  'allocations',
  'feed',
  'history',
  'inbox',
  'mails',
  'payments',
  'refunds',
  'reservations',
  'seats',
  'ticket_documents',
  'tickets',
];

const ROWS = sql<{ name: string; rows: number }>(
  'big_rows',
  `select relname::text as name, reltuples::float8 as rows from pg_class where relname = any ($1)`,
);

/** The tables that are large here: more rows than may be read one by one. */
export async function largeTables(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db.rows(ROWS, [GROWING]);
  return new Set(rows.filter((table) => table.rows > 1000).map(({ name }) => name));
}
