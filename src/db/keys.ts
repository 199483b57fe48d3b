import { hash, randomBytes } from 'node:crypto';
import { sql, type Queryable } from './database';

export const ROLES = ['client', 'operator', 'scanner', 'publishable'] as const;
export type Role = (typeof ROLES)[number];

/** `client` is the name that owns reservations; all keys of one client share it. */
export interface KeyOwner {
  client: string;
  role: Role;
}

/** The caller behind a key. */
export interface Caller extends KeyOwner {
  keyId: number;
  /** The id of the only event that a scanner's key is for; null: any. */
  eventId: string | null;
  /** May hold for longer than an event's TTL. */
  longHolds: boolean;
}

/**
 * Only the hash is stored. A key has 256 random bits, so a plain hash cannot be reversed by
 * guessing.
 */
export function hashKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

/** A new key. Its beginning says what it may do; `pk_`: it may be in a page. */
export function newKey(role: Role): string {
  const prefix = role === 'publishable' ? 'pk' : `hf_${role}`;
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

const FIND = sql<Caller & { hash: Buffer }>(
  'keys_find',
  `select key_hash as hash, id as "keyId", client, role, event_id as "eventId", long_holds as "longHolds" from api_keys
    where key_hash = any ($1) and revoked_at is null`,
);

/**
 * The callers for the hashes of keys, with the stored hashes to compare in constant time; those of
 * unknown and revoked keys are not among them.
 */
export async function findCallers(
  db: Queryable,
  hashes: readonly Buffer[],
): Promise<(Caller & { hash: Buffer })[]> {
  return db.rows(FIND, [hashes]);
}

const FIND_BY_ID = sql<Caller>(
  'key_find_by_id',
  `select id as "keyId", client, role, event_id as "eventId", long_holds as "longHolds" from api_keys
    where id = $1 and revoked_at is null`,
);

/** The caller behind a key that signed in; null when the key is revoked. */
export async function findCallerById(db: Queryable, keyId: number): Promise<Caller | null> {
  const [row] = await db.rows(FIND_BY_ID, [keyId]);
  return row ?? null;
}

const ADD = sql(
  'key_add',
  `insert into api_keys (client, role, key_hash, demo, event_id, long_holds) values ($1, $2, $3, $4, $5, $6)
   on conflict (key_hash) do nothing`,
);

/**
 * Adds a key unless it exists. A `demo` key prevents a start in production.
 * @param eventId the only event that a scanner's key is for; null: any
 * @param longHolds whether a client's key may hold for longer than an event's TTL
 */
export async function addKey(
  db: Queryable,
  key: string,
  { client, role }: KeyOwner,
  {
    demo,
    eventId = null,
    longHolds = false,
  }: { demo: boolean; eventId?: string | null; longHolds?: boolean },
): Promise<void> {
  await db.run(ADD, [client, role, hashKey(key), demo, eventId, longHolds]);
}

const REVOKE = sql(
  'key_revoke',
  'update api_keys set revoked_at = now() where id = $1 and revoked_at is null',
);

export async function revokeKey(db: Queryable, id: number): Promise<boolean> {
  return (await db.run(REVOKE, [id])) > 0;
}

const LIST = sql(
  'key_list',
  `select k.id, k.client, k.role, e.slug as event, k.long_holds as "long holds", k.demo, rfc3339(k.created_at) as created, rfc3339(k.revoked_at) as revoked
     from api_keys k left join events e on e.id = k.event_id order by k.id limit 1000`,
);

export async function listKeys(db: Queryable): Promise<Record<string, unknown>[]> {
  return db.rows(LIST);
}

const DEMO = sql<{ demo: number }>(
  'key_demo',
  'select count(*) as demo from api_keys where demo and revoked_at is null',
);

export async function countDemoKeys(db: Queryable): Promise<number> {
  const [row] = await db.rows(DEMO);
  return row!.demo;
}

const SEED = sql<{ seed: Buffer }>(
  'signing_key',
  `with made as (insert into signing_keys (id, seed) values (1, $1) on conflict (id) do nothing returning seed)
   select seed from made union all select seed from signing_keys where id = 1 limit 1`,
);

/**
 * The seed of the key that signs tickets. It is made on first use, and is the same for every
 * process on this database.
 */
export async function ticketSeed(db: Queryable): Promise<Buffer> {
  for (;;) {
    // The result is empty only if another process inserts the row at the same moment.
    const [row] = await db.rows(SEED, [randomBytes(32)]);
    if (row) return row.seed;
  }
}
