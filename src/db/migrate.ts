import { Client } from 'pg';

/** Two processes that migrate at once: the second waits for the first, then finds nothing to do. */
const MIGRATION_LOCK = 4_711_001;
const WAIT = '5min';

/**
 * Brings the schema up to date, forward only. Connects directly, never through a pooler.
 * @returns the names of the migrations that it applied
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
      // Its own lock gives up at once; ours, above, waits.
      noLock: true,
      singleTransaction: true,
      log: () => undefined,
    });
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
