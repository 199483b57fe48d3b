import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isUnavailable, sql, type Queryable } from './database';

/** The folder of this release's migrations. */
export const MIGRATIONS = join(__dirname, '../../migrations');

/** A migration, or the text of a database function. */
export interface SchemaFile {
  name: string;
  text: string;
  hash: Buffer;
}

const read = (file: string, hashed: (text: string) => string = (text) => text): SchemaFile => {
  const text = readFileSync(file, 'utf8');
  return {
    name: basename(file, '.sql'),
    text,
    hash: createHash('sha256').update(hashed(text)).digest(),
  };
};

const sqlFiles = (folder: string, recursive: boolean): string[] =>
  readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sql') && (recursive || !file.includes('/')))
    .sort()
    .map((file) => join(folder, file));

/** The migrations of this release, in their order. Lines of comment alone do not count as text. */
export function readMigrations(folder: string): SchemaFile[] {
  const withoutComments = (text: string) => text.replace(/^\s*--.*$/gm, '').replace(/\s+/g, ' ');
  return sqlFiles(folder, false).map((file) => read(file, withoutComments));
}

/**
 * The files of functions. Those in `previous/` keep names that the previous release still calls.
 */
export const readFunctions = (folder: string): SchemaFile[] =>
  sqlFiles(folder, true).map((file) => read(file));

/** The database is not what this release needs, until it is migrated. */
class SchemaTooOld extends Error {}

const APPLIED = sql<{ name: string }>(
  'schema_applied',
  'select name::text as name from schema_migrations union all select name from schema_functions',
);
const UNDEFINED_TABLE = '42P01';

/**
 * Checks that the database has every migration and function of this release; a newer one has more.
 * @param folder the folder of the migrations
 * @throws SchemaTooOld with what to run
 */
export async function requireSchema(db: Queryable, folder: string): Promise<void> {
  const rows = await db.rows(APPLIED).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== UNDEFINED_TABLE) throw error;
    return [];
  });
  const applied = new Set(rows.map(({ name }) => name));
  const needed = [...readMigrations(folder), ...readFunctions(join(folder, 'functions'))];
  const [missing] = needed.filter(({ name }) => !applied.has(name));
  if (missing === undefined) return;
  throw new SchemaTooOld(
    rows.length === 0
      ? 'the database has no schema yet: run npm run migrate'
      : `the database is of an older release (it has no ${missing.name}): run npm run migrate`,
  );
}

/** Wrong user or password, no such database, no permission, and what TLS finds wrong. */
const REFUSED =
  /^(28\w{3}|3D000|42501|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+)$/;
/** What the driver has no code for: no TLS at the server, and a password that cannot be used. */
const REFUSED_BY_DRIVER = /^(The server does not support SSL connections|SASL: .+)$/;

/** Whether the database's URL has to be mended before there can be a connection. */
export function isRefusedByDatabase(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  return (typeof code === 'string' && REFUSED.test(code)) || REFUSED_BY_DRIVER.test(message ?? '');
}

/** Whether to wait: the database is away, or is still to be migrated. */
export const isNotReady = (error: unknown): boolean =>
  error instanceof SchemaTooOld || (isUnavailable(error) && !isRefusedByDatabase(error));
