import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Client } from 'pg';

/**
 * An advisory lock: of two processes that migrate at once, the second waits and then finds nothing
 * to do.
 */
const MIGRATION_LOCK = 4_711_001;
const WAIT = '5min';

/**
 * Brings the schema up to date (forward only), and applies changed function files. Connects
 * directly, never through a pooler.
 * @param folder the folder of the migrations; functions are in `functions/` below it
 * @returns the names of the applied migrations and functions
 */
export async function migrate(databaseUrl: string, folder: string): Promise<string[]> {
  // The library is an ES module.
  const { runner } = await import('node-pg-migrate');
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(`set lock_timeout = '${WAIT}'`);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query('reset lock_timeout');
    const applied = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: '(?!.*\\.sql$).*',
      direction: 'up',
      migrationsTable: 'schema_migrations',
      // The library's own lock fails at once; ours, above, waits.
      noLock: true,
      singleTransaction: true,
      log: () => undefined,
    });
    const functions = await applyFunctions(client, readFunctions(join(folder, 'functions')));
    return [...applied.map(({ name }) => name), ...functions];
  } finally {
    await client.end();
  }
}

interface FunctionFile {
  name: string;
  text: string;
  hash: Buffer;
}

/**
 * The files of functions. Those in `previous/` keep names that the previous release still calls.
 */
export function readFunctions(folder: string): FunctionFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return {
        name: basename(file, '.sql'),
        text,
        hash: createHash('sha256').update(text).digest(),
      };
    });
}

/**
 * Applies each function whose file has changed since it was last applied, in one transaction. The
 * previous release may run at the same time and call the function. Therefore a file may change what
 * a function does, but never its parameters; other parameters need a new name.
 * @returns the names of the applied functions
 */
async function applyFunctions(client: Client, files: readonly FunctionFile[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string; text_hash: Buffer }>(
    'select name, text_hash from schema_functions',
  );
  const known = new Map(rows.map(({ name, text_hash: hash }) => [name, hash]));
  const changed = files.filter(({ name, hash }) => !known.get(name)?.equals(hash));
  if (changed.length === 0) return [];
  await client.query('begin');
  try {
    // Functions call each other, so bodies are not checked before all of them exist.
    await client.query('set local check_function_bodies = off');
    for (const { name, text, hash } of changed) {
      await client.query(text);
      await client.query(
        `insert into schema_functions (name, text_hash) values ($1, $2)
         on conflict (name) do update set text_hash = excluded.text_hash, applied_at = clock_timestamp()`,
        [name, hash],
      );
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  return changed.map(({ name }) => name);
}
