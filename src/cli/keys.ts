import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { readSettings, SettingsError } from '../config';
import { createDatabase, type Database } from '../db/database';
import { findEvent } from '../db/events';
import { addKey, listKeys, newKey, revokeKey, ROLES, type Role } from '../db/keys';
import { answerHelp } from './help';
import { findSystem } from './system';

const USAGE = `Usage: npm run keys -- create --client NAME --role client|operator|scanner|publishable [--event SLUG] [--long-holds]
           makes a key and prints it, once; a publishable one may be in a page of the client's; with --event a scanner's key that lets in to that event alone; with
           --long-holds a client's key that may hold for longer than an event's TTL
       npm run keys -- list
       npm run keys -- revoke ID

Makes, lists and revokes API keys in the database that DATABASE_URL names, else in that of the running \`npm run dev\`.`;

const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);

interface CreateOptions {
  client?: string | undefined;
  role?: string | undefined;
  event?: string | undefined;
  'long-holds'?: boolean | undefined;
}

async function create(
  db: Database,
  { client, role, event, 'long-holds': longHolds = false }: CreateOptions,
): Promise<void> {
  if (client === undefined || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(client) || !isRole(role))
    throw new SettingsError(USAGE);
  if (event !== undefined && role !== 'scanner')
    throw new SettingsError('Only the key of a scanner can be for one event: leave --event out.');
  if (longHolds && role !== 'client')
    throw new SettingsError('Long holds are for the keys of clients: leave --long-holds out.');
  const bound = event === undefined ? null : await findEvent(db, event);
  if (event !== undefined && !bound)
    throw new SettingsError(`There is no event ${event}: --event takes the slug of one.`);
  const key = newKey(role);
  await addKey(db, key, { client, role }, { demo: false, eventId: bound?.id ?? null, longHolds });
  console.log(key);
}

/**
 * Reads keys from standard input, one JSON object a line, so that they do not appear in a list of
 * processes. The embedded stack uses it for its default keys.
 */
async function ensure(db: Database): Promise<void> {
  for (const entry of (await text(process.stdin)).split('\n').filter((one) => one.trim() !== '')) {
    const { key, client, role } = JSON.parse(entry) as { key: string; client: string; role: Role };
    await addKey(db, key, { client, role }, { demo: true });
  }
}

function readCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        client: { type: 'string' },
        role: { type: 'string' },
        event: { type: 'string' },
        'long-holds': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new SettingsError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function main(): Promise<void> {
  answerHelp(USAGE, ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'HOLDFAST_HOME']);
  const { positionals, values } = readCommandLine();
  const { databaseUrl } = findSystem(readSettings(['HOLDFAST_HOME']).HOLDFAST_HOME);
  const db = createDatabase({
    url: databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-keys',
  });
  try {
    const [command, id] = positionals;
    if (command === 'create') await create(db, values);
    else if (command === 'ensure') await ensure(db);
    else if (command === 'list') console.table(await listKeys(db));
    else if (command === 'revoke' && /^\d+$/.test(id ?? '')) {
      console.log(
        (await revokeKey(db, Number(id)))
          ? 'Revoked: the key stops working within five seconds.'
          : 'No such key, or revoked before.',
      );
    } else throw new SettingsError(USAGE);
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
});
