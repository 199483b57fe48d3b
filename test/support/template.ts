import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const DIST = join(__dirname, '../../dist');
const DUPLICATE_DATABASE = '42P04';

/** A hash of what makes the schema. */
function hashMigrations(): string {
  const hash = createHash('sha256');
  const folder = join(DIST, 'migrations');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (/\.(sql|js)$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Makes a database with the schema, unless there is one of these migrations: tests copy it, which is
 * many times cheaper than to migrate.
 * @param server the server's own database
 * @returns the template's name
 */
export async function ensureTemplate(server: string): Promise<string> {
  const template = `template_${hashMigrations()}`;
  const admin = new Client(server);
  await admin.connect();
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [
      template,
    ]);
    if (rowCount !== 0) return template;
    // Under its own name once it is whole: another run may make it at the same time.
    const made = `making_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`create database ${made}`);
    const url = new URL(server);
    url.pathname = `/${made}`;
    execFileSync(process.execPath, [join(DIST, 'src/cli/migrate.js')], {
      env: { PATH: process.env.PATH, DATABASE_URL: url.href },
    });
    await admin.query(`alter database ${made} rename to ${template}`).catch((error: unknown) => {
      if ((error as { code?: string }).code !== DUPLICATE_DATABASE) throw error;
      return admin.query(`drop database ${made}`);
    });
    return template;
  } finally {
    await admin.end();
  }
}
