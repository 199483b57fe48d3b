import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { readFunctions, readMigrations, type SchemaFile } from './schema-state';

/**
 * An advisory lock: of two processes that migrate at once, the second waits and then finds nothing
 * to do.
 */
const MIGRATION_LOCK = 4_711_001;
const WAIT = '5min';

/**
 * A change of a table waits for transactions that use it, and whatever comes after waits for the
 * change. So it waits no longer than this, gives all back, and tries again.
 */
const LOCK_WAIT = '1s';
const TRY_AGAIN_MS = 2000;
const TRY_FOR_MS = 300_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** This database must not be migrated so; the message says why and what to do. */
export class MigrationRefused extends Error {}

/**
 * Brings the schema up to date (forward only), and applies changed function files. Connects
 * directly, never through a pooler.
 * @param folder the folder of the migrations; functions are in `functions/` below it
 * @param progress called with a line when it has to wait for others
 * @returns the names of the applied migrations and functions
 * @throws MigrationRefused when the database is of a newer release, when a migration was edited
 * since it was applied, or when others held its tables for five minutes
 */
export async function migrate(
  databaseUrl: string,
  folder: string,
  progress: (line: string) => void = () => undefined,
): Promise<string[]> {
  // The library is an ES module.
  const { runner } = await import('node-pg-migrate');
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  const files = readMigrations(folder);
  try {
    await client.query(`set lock_timeout = '${WAIT}'`);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseOthers(client, files);
    await client.query(`set lock_timeout = '${LOCK_WAIT}'`);
    const applied = await untilUnlocked(progress, () =>
      runner({
        dbClient: client,
        dir: folder,
        ignorePattern: '(?!.*\\.sql$).*',
        direction: 'up',
        migrationsTable: 'schema_migrations',
        // The library's own lock fails at once; ours, above, waits.
        noLock: true,
        singleTransaction: true,
        log: () => undefined,
      }),
    );
    await rememberTexts(client, files);
    const functions = await untilUnlocked(progress, () =>
      applyFunctions(client, readFunctions(join(folder, 'functions'))),
    );
    return [...applied.map(({ name }) => name), ...functions];
  } finally {
    await client.end();
  }
}

/** Repeats a transaction that did not get its locks in time. */
async function untilUnlocked<Result>(
  progress: (line: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const until = Date.now() + TRY_FOR_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
      if (Date.now() > until)
        throw new MigrationRefused(
          'A long transaction (a backup, a report) uses a table that is to be changed. Nothing was changed: end it, then migrate again.',
        );
      if (attempt === 0)
        progress(
          'A long transaction uses a table that is to be changed: trying again until it ends.',
        );
      await delay(TRY_AGAIN_MS);
    }
  }
}

/** @throws MigrationRefused when what was applied here is not what this release has */
async function refuseOthers(client: Client, files: readonly SchemaFile[]): Promise<void> {
  const { rows: tables } = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  );
  if (!tables[0]!.there) return;
  // Of a database from before there were hashes, `*` has none.
  const { rows } = await client.query<{ name: string; text_hash?: Buffer | null }>(
    'select * from schema_migrations order by id',
  );
  const known = new Map(files.map(({ name, hash }) => [name, hash]));
  const newer = rows.find(({ name }) => !known.has(name));
  if (newer)
    throw new MigrationRefused(
      `This database is of a newer release: it has the migration ${newer.name}, which is not among ours. Run the migrate of that release.`,
    );
  const edited = rows.find(({ name, text_hash: hash }) => hash && !known.get(name)!.equals(hash));
  if (edited)
    throw new MigrationRefused(
      `The migration ${edited.name} was edited after it was applied here. Give it back its text, and put the change into a migration of its own.`,
    );
}

async function rememberTexts(client: Client, files: readonly SchemaFile[]): Promise<void> {
  await client.query(
    `update schema_migrations set text_hash = file.hash
       from unnest($1::text[], $2::bytea[]) file (name, hash)
      where schema_migrations.name = file.name and text_hash is null`,
    [files.map(({ name }) => name), files.map(({ hash }) => hash)],
  );
}

/**
 * Applies each function whose file has changed since it was last applied, in one transaction. The
 * previous release may run at the same time and call the function. Therefore a file may change what
 * a function does, but never its parameters; other parameters need a new name.
 * @returns the names of the applied functions
 */
async function applyFunctions(client: Client, files: readonly SchemaFile[]): Promise<string[]> {
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
